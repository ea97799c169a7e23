// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * One end of a channel: the worker's to its parent, the parent's, or one of the two of a {@link MessageChannel}. The
 * object is a handle to that end; {@link #transfer()} makes another one.
 */
final class EntangledPort<S, R> implements MessagePort<S, R> {

    private final PortQueue<S> outbound;
    private final PortQueue<R> inbound;
    private final PortCalls<S, R> asked;
    private final PortCalls<R, S> answered;
    private final AtomicBoolean transferred = new AtomicBoolean();

    private EntangledPort(
            PortQueue<S> outbound, PortQueue<R> inbound, PortCalls<S, R> asked, PortCalls<R, S> answered) {
        this.outbound = outbound;
        this.inbound = inbound;
        this.asked = asked;
        this.answered = answered;
    }

    /** The port to a worker: its queues hold a loop only once they are attached to the worker's. */
    static <S, R> EntangledPort<S, R> toWorker(
            String worker, int capacity, @Nullable MessageCodec<S> sent, @Nullable MessageCodec<R> received) {
        String to = "the port to worker " + worker;
        String from = "the port of worker " + worker;
        return new EntangledPort<>(
                PortQueue.keeping(to, capacity, sent),
                PortQueue.keeping(from, capacity, received),
                new PortCalls<>(to, PortQueue.keeping(to, capacity, null), sent, received),
                new PortCalls<>(from, PortQueue.keeping(from, capacity, null), received, sent));
    }

    /** Port 1 of a channel. */
    static <S, R> EntangledPort<S, R> ofChannel(
            int capacity, @Nullable MessageCodec<S> sent, @Nullable MessageCodec<R> received) {
        String one = "port 1 of the channel";
        String two = "port 2 of the channel";
        return new EntangledPort<>(
                PortQueue.holding(one, capacity, sent),
                PortQueue.holding(two, capacity, received),
                new PortCalls<>(one, PortQueue.holding(one, capacity, null), sent, received),
                new PortCalls<>(two, PortQueue.holding(two, capacity, null), received, sent));
    }

    /** The other end. */
    EntangledPort<R, S> peer() {
        return new EntangledPort<>(
                /* outbound= */ inbound, /* inbound= */ outbound, /* asked= */ answered, /* answered= */ asked);
    }

    PortQueue<S> outbound() {
        return outbound;
    }

    PortQueue<R> inbound() {
        return inbound;
    }

    /** From now on this end receives on {@code loop} and keeps it alive. */
    void attach(EventLoop loop) {
        inbound.attach(loop);
        answered.queue().attach(loop);
    }

    @Override
    public boolean postMessage(S message) {
        checkOwned();
        return outbound.offer(message);
    }

    @Override
    public Mono<Void> send(S message) {
        checkOwned();
        return outbound.send(message);
    }

    @Override
    public Flux<R> messages() {
        checkOwned();
        return Flux.defer(() -> {
            checkOwned();
            return inbound;
        });
    }

    @Override
    public Flux<MessageCodecException> messageErrors() {
        checkOwned();
        return inbound.failures();
    }

    @Override
    public Optional<R> poll() {
        checkOwned();
        return Optional.ofNullable(inbound.poll());
    }

    @Override
    public Mono<R> request(S message) {
        checkOwned();
        return asked.request(message);
    }

    @Override
    public Disposable onRequest(Function<? super R, ? extends Mono<? extends S>> handler) {
        checkOwned();
        return answered.handle(handler);
    }

    /** Sends no more: the other end receives what was sent before. */
    void closeOutbound() {
        outbound.close();
        asked.queue().close();
    }

    @Override
    public void close() {
        checkOwned();
        inbound.close();
        outbound.close();
        closeRequests();
    }

    void closeRequests() {
        asked.close();
        answered.close();
    }

    @Override
    public Mono<Void> onClose() {
        return Mono.defer(() -> {
            EventLoop loop = EventLoop.current();
            return loop == null ? inbound.ended().publishOn(Schedulers.parallel()) : on(loop, inbound.ended());
        });
    }

    private static Mono<Void> on(EventLoop loop, Mono<Void> end) {
        return Mono.create(sink -> sink.onDispose(end.subscribe(none -> {}, sink::error, () -> {
            try {
                loop.netty().execute(sink::success);
            } catch (RejectedExecutionException ended) {
                // nobody is left there to be told
            }
        })));
    }

    @Override
    public MessagePort<S, R> transfer() {
        if (inbound.isAttached() || outbound.isAttached()) {
            throw new IllegalStateException(outbound + " cannot be transferred: it stays with its worker");
        }
        if (inbound.isClosed()) {
            throw new IllegalStateException(outbound + " cannot be transferred: it is closed");
        }
        if (inbound.hasReceiver() || answered.queue().hasReceiver()) {
            throw new IllegalStateException(
                    outbound + " cannot be transferred: it has a subscriber or a request handler, dispose it before");
        }
        if (!transferred.compareAndSet(false, true)) {
            checkOwned();
        }
        return new EntangledPort<>(outbound, inbound, asked, answered);
    }

    private void checkOwned() {
        if (transferred.get()) {
            throw new IllegalStateException(outbound + " was transferred: this handle is unusable");
        }
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
        checkOwned();
        inbound.reference(reference);
        answered.queue().reference(reference);
        return this;
    }

    @Override
    public boolean hasRef() {
        return !transferred.get() && (inbound.holdsLoop() || answered.queue().holdsLoop());
    }

    @Override
    public String toString() {
        return "MessagePort(" + outbound + ")";
    }
}
