// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import java.util.Objects;

/**
 * Two entangled ports: what one sends the other receives. Give one of them to another thread, by
 * {@link WorkerSpec#workerData(Object)} or in a message, and keep the other.
 *
 * <p>A port receives where its {@link MessagePort#messages()} is subscribed: on that event loop, which it keeps alive,
 * or without one on {@code Schedulers.parallel()}. It sends from any thread. Closing either port closes both, after
 * what was sent before. A port that nobody refers to any more needs no closing. Node analogue: the class of the same
 * name, whose ports have no bound.
 *
 * @param port1 one port
 * @param port2 the other port
 * @param <A> what {@code port1} sends
 * @param <B> what {@code port2} sends
 * @since 0.1.0
 */
public record MessageChannel<A, B>(MessagePort<A, B> port1, MessagePort<B, A> port2) {

    /**
     * Creates a channel with room for 65,536 messages in each direction.
     *
     * @return a new channel; it has no thread and needs no closing
     */
    public static <A, B> MessageChannel<A, B> create() {
        return create(WorkerSpec.DEFAULT_QUEUE_CAPACITY);
    }

    /**
     * Creates a channel.
     *
     * @param queueCapacity how many messages, and how many requests, may wait in each direction before
     *     {@code postMessage} refuses, {@code send} and {@code request} wait; 1 or more
     * @return a new channel; it has no thread and needs no closing
     */
    public static <A, B> MessageChannel<A, B> create(int queueCapacity) {
        return of(EntangledPort.ofChannel(WorkerSpec.checkQueueCapacity(queueCapacity), null, null));
    }

    /**
     * Creates a channel that hands over copies, requests and their answers too.
     *
     * @param queueCapacity how many messages, and how many requests, may wait in each direction, 1 or more
     * @param fromPort1 copies what {@code port1} sends
     * @param fromPort2 copies what {@code port2} sends
     * @return a new channel; it has no thread and needs no closing
     */
    public static <A, B> MessageChannel<A, B> create(
            int queueCapacity, MessageCodec<A> fromPort1, MessageCodec<B> fromPort2) {
        return of(EntangledPort.ofChannel(
                WorkerSpec.checkQueueCapacity(queueCapacity),
                Objects.requireNonNull(fromPort1, "fromPort1"),
                Objects.requireNonNull(fromPort2, "fromPort2")));
    }

    private static <A, B> MessageChannel<A, B> of(EntangledPort<A, B> port1) {
        return new MessageChannel<>(port1, port1.peer());
    }
}
