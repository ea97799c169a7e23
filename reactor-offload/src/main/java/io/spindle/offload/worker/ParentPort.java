// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The worker's end of the channel to its parent. */
record ParentPort<S, R>(PortQueue<S> outbound, PortQueue<R> inbound) implements MessagePort<S, R> {

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
