// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One end of a channel that everybody in this JVM may join by its name: what one end posts, all others receive, each at
 * most once, not the one that posted. Messages pass by reference: send what is immutable.
 *
 * <p>An end receives while {@link #messages()} has a subscriber; what is posted while it has none, it misses. Each end
 * has a bounded queue of its own: {@link #postMessage} leaves out those that are full, {@link #send} waits for them.
 * Those of one thread arrive in their order. Node analogue: the class of the same name, which has no bound and keeps
 * its loop alive without a listener too.
 *
 * <p>Thread-safe. Whoever opens an end closes it: the name knows it until then.
 *
 * @param <T> what is sent
 * @since 0.1.0
 */
public final class BroadcastChannel<T> {

    /** All open ends by their name. The lists are immutable. */
    private static final ConcurrentHashMap<String, List<BroadcastChannel<?>>> OPEN = new ConcurrentHashMap<>();

    private final String name;
    private final Class<T> type;
    private final PortQueue<T> inbound;
    private volatile boolean closed;

    private BroadcastChannel(String name, Class<T> type, int queueCapacity) {
        this.name = Objects.requireNonNull(name, "name");
        this.type = Objects.requireNonNull(type, "type");
        this.inbound = PortQueue.forgetful("broadcast channel " + name, WorkerSpec.checkQueueCapacity(queueCapacity));
    }

    /**
     * Joins a channel, with room for 65,536 messages at this end.
     *
     * @param name of the channel
     * @param type of its messages, the same for all who join
     * @return a new end of it; the caller's to close
     * @throws IllegalArgumentException if the channel is open with another type
     */
    public static <T> BroadcastChannel<T> open(String name, Class<T> type) {
        return open(name, type, WorkerSpec.DEFAULT_QUEUE_CAPACITY);
    }

    /**
     * Joins a channel.
     *
     * @param name of the channel
     * @param type of its messages, the same for all who join
     * @param queueCapacity how many messages may wait at this end, 1 or more
     * @return a new end of it; the caller's to close
     * @throws IllegalArgumentException if the channel is open with another type
     */
    public static <T> BroadcastChannel<T> open(String name, Class<T> type, int queueCapacity) {
        BroadcastChannel<T> opened = new BroadcastChannel<>(name, type, queueCapacity);
        OPEN.merge(name, List.of(opened), (present, added) -> {
            Class<?> known = present.get(0).type;
            if (known != type) {
                throw new IllegalArgumentException("broadcast channel " + name + " is open for messages of type "
                        + known.getName() + ", not " + type.getName());
            }
            return Stream.concat(present.stream(), added.stream()).toList();
        });
        return opened;
    }

    /** Returns the name of the channel. */
    public String name() {
        return name;
    }

    /**
     * Sends a message to all other ends that have room.
     *
     * @param message not null
     * @return false if an end had no room, which misses it
     * @throws PortClosedException if this end was closed
     */
    public boolean postMessage(T message) {
        Objects.requireNonNull(message, "message");
        boolean all = true;
        for (PortQueue<T> other : others()) {
            all &= other.offer(message) || other.isClosed();
        }
        return all;
    }

    /**
     * Sends a message to all other ends, to each as soon as it has room.
     * <ul>
     *   <li><b>Signals on</b> the subscriber's thread if all have room; else on the event loop it was subscribed on, or
     *       on {@code Schedulers.parallel()}.
     *   <li><b>Cancel</b> takes it back from the ends that had no room so far.
     *   <li><b>Errors</b> with {@link PortClosedException} if this end is closed. An end that is closed while it is
     *       waited for counts as served.
     * </ul>
     *
     * @param message not null
     * @return a cold {@code Mono} that completes when the message is on its way to all
     */
    public Mono<Void> send(T message) {
        Objects.requireNonNull(message, "message");
        return Mono.defer(() -> Mono.when(others().stream()
                .map(other -> other.send(message).onErrorComplete(PortClosedException.class))
                .toList()));
    }

    private List<PortQueue<T>> others() {
        if (closed) {
            throw new PortClosedException("broadcast channel " + name);
        }
        return OPEN.getOrDefault(name, List.of()).stream()
                .filter(end -> end != this)
                .map(this::inboundOf)
                .toList();
    }

    @SuppressWarnings("unchecked") // all ends of one name have one type: open() has seen to it
    private PortQueue<T> inboundOf(BroadcastChannel<?> other) {
        return ((BroadcastChannel<T>) other).inbound;
    }

    /**
     * Receives: one subscriber at a time.
     * <ul>
     *   <li><b>Signals on</b> the event loop it was subscribed on, which it keeps alive until it is cancelled or this
     *       end is closed, save after {@link #unref()}; else on {@code Schedulers.parallel()}.
     *   <li><b>Backpressure</b>: what was not requested is kept; when the capacity is reached, senders are told.
     *   <li><b>Cancel</b> drops what was not emitted; this end stays open.
     * </ul>
     *
     * @return a hot {@code Flux} that completes when this end is closed and everything was received
     */
    public Flux<T> messages() {
        return inbound;
    }

    /** Closes this end; the others stay open. What was sent before arrives. Idempotent. */
    public void close() {
        closed = true;
        OPEN.computeIfPresent(name, (key, present) -> {
            List<BroadcastChannel<?>> left =
                    present.stream().filter(end -> end != this).toList();
            return left.isEmpty() ? null : left;
        });
        inbound.close();
    }

    /**
     * Lets a subscription to {@link #messages()} keep its loop alive again. The default.
     *
     * @return this end
     */
    public BroadcastChannel<T> ref() {
        inbound.reference(true);
        return this;
    }

    /**
     * Lets the loop end in spite of a subscription to {@link #messages()}.
     *
     * @return this end
     */
    public BroadcastChannel<T> unref() {
        inbound.reference(false);
        return this;
    }

    @Override
    public String toString() {
        return "BroadcastChannel(" + name + ")";
    }
}
