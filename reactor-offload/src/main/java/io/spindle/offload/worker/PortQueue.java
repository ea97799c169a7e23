// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import io.spindle.loop.Handle;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/**
 * One direction of a channel: a bounded queue of messages for one receiver at a time. Any thread may offer; a drain
 * delivers where the receiver lives, on its loop one message for each callback, so that ticks and microtasks run in
 * between and nothing else starves. No end ever runs code of the other.
 */
final class PortQueue<T> extends Flux<T> implements Runnable {

    private static final String KIND = "MessagePort";
    private static final int FAILURES_KEPT = 256;

    private final String name;
    private final int capacity;
    private final boolean holdsLoop;
    private final boolean keepsMessages;
    private final @Nullable MessageCodec<T> codec;
    private final Queue<Object> queue = new ConcurrentLinkedQueue<>(); // packed; polled by the drain and by poll()
    private final AtomicInteger size = new AtomicInteger();
    private final Queue<Sender> senders = new ConcurrentLinkedQueue<>();
    private final AtomicReference<@Nullable PortReceiver<T>> receiver = new AtomicReference<>();
    private final AtomicReference<@Nullable Runnable> onDrained = new AtomicReference<>();
    private final AtomicInteger wip = new AtomicInteger();
    private final AtomicReference<@Nullable PortReceiver<T>> postedFor = new AtomicReference<>();
    private final Sinks.Empty<Void> ended = Sinks.empty();
    private final Sinks.Many<MessageCodecException> failures =
            Sinks.many().multicast().directBestEffort();
    private volatile @Nullable EventLoop home;
    private volatile boolean referenced = true;
    private volatile boolean closed;
    private volatile @Nullable Throwable error; // written before `closed`
    private volatile boolean errorDelivered;
    private volatile boolean discarding; // who adds to the queue looks at this afterwards

    private PortQueue(
            String name, int capacity, boolean holdsLoop, boolean keepsMessages, @Nullable MessageCodec<T> codec) {
        this.name = name;
        this.capacity = capacity;
        this.holdsLoop = holdsLoop;
        this.keepsMessages = keepsMessages;
        this.codec = codec;
    }

    /** Keeps messages until there is a receiver, which holds its loop only after {@link #attach}. */
    static <T> PortQueue<T> keeping(String name, int capacity, @Nullable MessageCodec<T> codec) {
        return new PortQueue<>(name, capacity, false, true, codec);
    }

    /** Keeps messages until there is a receiver, which holds the loop it subscribes on. */
    static <T> PortQueue<T> holding(String name, int capacity, @Nullable MessageCodec<T> codec) {
        return new PortQueue<>(name, capacity, true, true, codec);
    }

    /** Drops messages while there is no receiver, which holds the loop it subscribes on. */
    static <T> PortQueue<T> forgetful(String name, int capacity) {
        return new PortQueue<>(name, capacity, true, false, null);
    }

    /** From now on receivers live on {@code loop} and keep it alive. Otherwise they live where they subscribe. */
    void attach(EventLoop loop) {
        home = loop;
    }

    boolean isAttached() {
        return home != null;
    }

    boolean offer(T message) {
        Object packed = CodecSteps.pack(codec, message); // fails for a full or closed port too
        return offerPacked(packed);
    }

    private boolean offerPacked(Object packed) {
        if (closed || !senders.isEmpty() || !reserve()) {
            return false;
        }
        add(packed);
        drain();
        return true;
    }

    private void add(Object packed) {
        queue.offer(packed);
        if (discarding) { // it may have looked before
            discardQueued();
        }
    }

    /** Takes the next message past the receiver. */
    @Nullable
    T poll() {
        Object packed = pollPacked();
        return packed == null ? null : CodecSteps.unpack(codec, packed);
    }

    private @Nullable Object pollPacked() {
        Object packed = queue.poll();
        if (packed != null) {
            size.decrementAndGet();
            drain(); // there is room for who waits, or it was the last before the end
        }
        return packed;
    }

    /** Takes back a message that was not packed, if it is still there. */
    void withdraw(T message) {
        if (queue.remove(message)) {
            size.decrementAndGet();
            drain(); // there is room for who waits
        }
    }

    /** Nobody will receive any more: releases what is left. */
    void discard() {
        discarding = true;
        discardQueued();
    }

    private void discardQueued() {
        Object packed;
        while ((packed = pollPacked()) != null) {
            Owned.release(packed, Context.empty());
        }
    }

    private boolean reserve() {
        int present;
        do {
            present = size.get();
            if (present >= capacity) {
                return false;
            }
        } while (!size.compareAndSet(present, present + 1));
        return true;
    }

    Mono<Void> send(T message) {
        Objects.requireNonNull(message, "message");
        return Mono.defer(() -> {
            Object packed = CodecSteps.pack(codec, message);
            if (offerPacked(packed)) {
                return Mono.empty();
            }
            Mono<Void> waiting = Mono.create(sink -> enqueue(new Sender(packed, sink)));
            EventLoop loop = EventLoop.current();
            return loop == null ? waiting.publishOn(Schedulers.parallel()) : loop.adopt(waiting);
        });
    }

    private void enqueue(Sender sender) {
        senders.add(sender);
        sender.sink.onCancel(() -> {
            if (sender.claim()) {
                senders.remove(sender); // there may never be room
            }
        });
        drain(); // there may be room by now, or it may be closed
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        EventLoop fixed = home;
        EventLoop loop = fixed == null ? EventLoop.current() : fixed;
        Handle handle;
        try {
            boolean holds = fixed != null || holdsLoop;
            handle = loop != null && holds ? loop.open(KIND) : null;
        } catch (RejectedExecutionException ended) {
            Operators.error(actual, Operators.onRejectedExecution(ended, actual.currentContext()));
            return;
        }
        PortReceiver<T> added = new PortReceiver<>(this, actual, loop, handle);
        added.reference(referenced);
        PortReceiver<T> present;
        do { // a drain may just take away one that has cancelled
            present = receiver.get();
            if (isTaken(present)) {
                added.letGo();
                Operators.error(actual, new IllegalStateException(name + " has a subscriber already, it takes one"));
                return;
            }
        } while (!receiver.compareAndSet(present, added));
        if (present != null) {
            present.letGo();
        }
        actual.onSubscribe(added);
        added.begin(); // a drain that sees it earlier leaves it to the one below: nothing comes before onSubscribe
        drain(); // for the end, which needs no demand
    }

    boolean hasReceiver() {
        return isTaken(receiver.get());
    }

    private boolean isTaken(@Nullable PortReceiver<T> present) {
        return present != null && !present.isCancelled() && !present.isHomeDisposed();
    }

    void reference(boolean reference) {
        referenced = reference;
        PortReceiver<T> present = receiver.get();
        if (present != null) {
            present.reference(reference);
        }
    }

    /** Whether a receiver was told of the error that it was closed with. */
    boolean isErrorDelivered() {
        return errorDelivered;
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether a receiver keeps its loop alive at present. */
    boolean holdsLoop() {
        PortReceiver<T> present = receiver.get();
        return !closed && present != null && isTaken(present) && present.hasRef();
    }

    /** Completes when this is closed and the receiver has everything, or there is none. */
    Mono<Void> ended() {
        return ended.asMono();
    }

    /** What could not be decoded, where the receiver lives. */
    Flux<MessageCodecException> failures() {
        return failures.asFlux().onBackpressureBuffer(FAILURES_KEPT, dropped -> {}, BufferOverflowStrategy.DROP_OLDEST);
    }

    void close() {
        close(null, null);
    }

    /**
     * Takes no more messages.
     *
     * @param failure what the receiver gets after the messages, if this is the first call
     * @param drained called when the receiver has everything, or there is none
     */
    void close(@Nullable Throwable failure, @Nullable Runnable drained) {
        if (!closed) {
            error = failure;
            closed = true;
        }
        if (drained != null) {
            onDrained.set(drained);
        }
        drain();
    }

    void drain() {
        if (wip.getAndIncrement() == 0) {
            dispatch();
        }
    }

    /** Drains where the receiver lives, or here if there is none. Called by who holds {@code wip}. */
    private void dispatch() {
        while (true) {
            PortReceiver<T> present = receiver.get();
            if (present != null && !present.isCancelled()) {
                if (post(present)) {
                    return;
                }
                present.abandon(); // its loop has ended
            }
            if (!stepAndGoOn(present)) {
                return;
            }
        }
    }

    /** False if it will never run. */
    private boolean post(PortReceiver<T> present) {
        postedFor.set(present);
        try {
            present.post(this);
        } catch (RejectedExecutionException ended) {
            return !postedFor.compareAndSet(present, null);
        }
        return !present.isHomeDisposed() || !postedFor.compareAndSet(present, null); // it may not have seen it
    }

    /** Where the receiver lives: at most one message, others get their turn before the next. */
    @Override
    public void run() {
        PortReceiver<T> present = postedFor.getAndSet(null);
        if (present == null) {
            return;
        }
        if (present.isHomeDisposed()) {
            present.abandon();
        }
        if (stepAndGoOn(present)) {
            dispatch();
        }
    }

    /** Does one thing. False if nothing was to be done and {@code wip} was given up. */
    private boolean stepAndGoOn(@Nullable PortReceiver<T> present) {
        int missed = wip.get();
        if (step(present)) {
            wip.addAndGet(1 - missed);
            return true;
        }
        return wip.addAndGet(-missed) != 0;
    }

    /** Does one thing. False if there is nothing to do. */
    private boolean step(@Nullable PortReceiver<T> present) {
        admitSenders();
        if (present == null) {
            if (closed) {
                drained();
            }
            return !keepsMessages && pollPacked() != null;
        }
        if (present.isCancelled()) {
            receiver.compareAndSet(present, null);
            present.letGo();
            return true;
        }
        if (!present.hasBegun()) {
            return false;
        }
        Object packed = present.isWanting() ? queue.poll() : null;
        if (packed != null) {
            size.decrementAndGet();
            deliver(present, packed);
            return true;
        }
        if (closed && queue.isEmpty()) {
            receiver.compareAndSet(present, null);
            Throwable failure = error;
            errorDelivered |= failure != null;
            present.end(failure);
            return true;
        }
        return false;
    }

    private void deliver(PortReceiver<T> present, Object packed) {
        T message;
        try {
            message = CodecSteps.unpack(codec, packed);
        } catch (MessageCodecException error) {
            if (failures.tryEmitNext(error).isFailure()) { // nobody listens
                Operators.onErrorDropped(error, present.context());
            }
            return;
        }
        present.next(message);
    }

    private void drained() {
        ended.tryEmitEmpty();
        if (queue.isEmpty()) { // else there may come a receiver
            failures.tryEmitComplete();
        }
        Runnable callback = onDrained.getAndSet(null);
        if (callback != null) {
            callback.run();
        }
    }

    private void admitSenders() {
        while (!senders.isEmpty()) {
            if (!closed && !reserve()) {
                return;
            }
            Sender sender = senders.poll();
            if (closed) {
                if (sender != null && sender.claim()) {
                    sender.sink.error(new PortClosedException(name));
                }
            } else if (sender != null && sender.claim()) {
                add(sender.packed);
                sender.sink.success();
            } else {
                size.decrementAndGet();
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** Who waits for room. */
    private static final class Sender {

        private final Object packed;
        private final MonoSink<Void> sink;
        private final AtomicInteger claimed = new AtomicInteger();

        Sender(Object packed, MonoSink<Void> sink) {
            this.packed = packed;
            this.sink = sink;
        }

        boolean claim() {
            return claimed.compareAndSet(0, 1);
        }
    }
}
