// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import java.util.Optional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** One end of a channel: the worker's to its parent, or one of the two of a {@link MessageChannel}. */
record EntangledPort<S, R>(PortQueue<S> outbound, PortQueue<R> inbound) implements MessagePort<S, R> {

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
    public void close() {
        inbound.close();
        outbound.close();
    }

    @Override
    public MessagePort<S, R> ref() {
        inbound.reference(true);
        return this;
    }

    @Override
    public MessagePort<S, R> unref() {
        inbound.reference(false);
        return this;
    }
}
