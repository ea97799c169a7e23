// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.Optional;
import java.util.function.Function;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** One end of a channel: the worker's to its parent, the parent's, or one of the two of a {@link MessageChannel}. */
record EntangledPort<S, R>(PortQueue<S> outbound, PortQueue<R> inbound, PortCalls<S, R> asked, PortCalls<R, S> answered)
        implements MessagePort<S, R> {

    /** The port to a worker: its queues hold a loop only once they are attached to the worker's. */
    static <S, R> EntangledPort<S, R> toWorker(String worker, int capacity) {
        String to = "the port to worker " + worker;
        String from = "the port of worker " + worker;
        return new EntangledPort<>(
                new PortQueue<>(to, capacity),
                new PortQueue<>(from, capacity),
                new PortCalls<>(to, new PortQueue<>(to, capacity)),
                new PortCalls<>(from, new PortQueue<>(from, capacity)));
    }

    /** Port 1 of a channel. */
    static <S, R> EntangledPort<S, R> ofChannel(int capacity) {
        String one = "port 1 of the channel";
        String two = "port 2 of the channel";
        return new EntangledPort<>(
                PortQueue.holding(one, capacity),
                PortQueue.holding(two, capacity),
                new PortCalls<>(one, PortQueue.holding(one, capacity)),
                new PortCalls<>(two, PortQueue.holding(two, capacity)));
    }

    /** The other end. */
    EntangledPort<R, S> peer() {
        return new EntangledPort<>(
                /* outbound= */ inbound, /* inbound= */ outbound, /* asked= */ answered, /* answered= */ asked);
    }

    /** From now on this end receives on {@code loop} and keeps it alive. */
    void attach(EventLoop loop) {
        inbound.attach(loop);
        answered.queue().attach(loop);
    }

    @Override
    public boolean postMessage(S message) {
        return outbound.offer(message);
    }

    @Override
    public Mono<Void> send(S message) {
        return outbound.send(message);
    }

    @Override
    public Flux<R> messages() {
        return inbound;
    }

    @Override
    public Optional<R> poll() {
        return Optional.ofNullable(inbound.poll());
    }

    @Override
    public Mono<R> request(S message) {
        return asked.request(message);
    }

    @Override
    public Disposable onRequest(Function<? super R, ? extends Mono<? extends S>> handler) {
        return answered.handle(handler);
    }

    /** Sends no more: the other end receives what was sent before. */
    void closeOutbound() {
        outbound.close();
        asked.queue().close();
    }

    @Override
    public void close() {
        inbound.close();
        outbound.close();
        closeRequests();
    }

    void closeRequests() {
        asked.close();
        answered.close();
    }

    @Override
    public MessagePort<S, R> ref() {
        return reference(true);
    }

    @Override
    public MessagePort<S, R> unref() {
        return reference(false);
    }

    private MessagePort<S, R> reference(boolean reference) {
        inbound.reference(reference);
        answered.queue().reference(reference);
        return this;
    }
}
