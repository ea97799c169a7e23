// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * One subscription to an adopted publisher: what {@code publishOn} does, and a handle that holds the loop open, and an end
 * with the loop. One object, where operators of Reactor would be five.
 *
 * <p>Signals are queued and a turn is posted. Who raises {@link #wip} from zero owns the queue and gives it up by bringing
 * it back to zero; it is the turn, or who finds that nobody wants the values any more and discards them.
 */
final class Adopted<T> implements CoreSubscriber<T>, Subscription, Runnable, Scannable {

    private static final String KIND = "Publisher";

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Adopted> WIP =
            AtomicIntegerFieldUpdater.newUpdater(Adopted.class, "wip");

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<Adopted> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(Adopted.class, "requested");

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Adopted> TOLD =
            AtomicIntegerFieldUpdater.newUpdater(Adopted.class, "told");

    private final DefaultEventLoop loop;
    private final CoreSubscriber<? super T> actual;
    private final int prefetch; // 0 for a Mono
    private final int limit; // after how many more are requested
    private final Queue<T> queue;
    private final Handle handle;

    @SuppressWarnings("unused") // through its updater
    private volatile int wip;

    private volatile long requested;
    private volatile @Nullable Subscription source;
    private volatile @Nullable Throwable error;
    private volatile boolean subscribed; // the subscriber may be told errors
    private volatile boolean done; // the source has ended
    private volatile boolean cancelled; // nobody wants more
    private volatile boolean over; // the loop has ended, or is known to

    @SuppressWarnings("unused") // through its updater
    private volatile int told;

    // Of the loop only.
    private boolean turnLost; // the one that owned the queue was dropped
    private int consumed; // since the last request

    private Adopted(DefaultEventLoop loop, CoreSubscriber<? super T> actual, int prefetch, Queue<T> queue) {
        this.loop = loop;
        this.actual = actual;
        this.prefetch = prefetch;
        this.limit = prefetch == Integer.MAX_VALUE ? prefetch : prefetch - (prefetch >> 2);
        this.queue = queue;
        this.handle = loop.open(KIND);
    }

    /** Returns null if the loop has ended, and tells the subscriber. */
    static <T> @Nullable Adopted<T> one(DefaultEventLoop loop, CoreSubscriber<? super T> actual) {
        return by(loop, actual, 0, Queues.<T>one().get());
    }

    /** Returns null if the loop has ended, and tells the subscriber. */
    static <T> @Nullable Adopted<T> many(DefaultEventLoop loop, CoreSubscriber<? super T> actual, int prefetch) {
        return by(loop, actual, prefetch, Queues.<T>get(prefetch).get());
    }

    private static <T> @Nullable Adopted<T> by(
            DefaultEventLoop loop, CoreSubscriber<? super T> actual, int prefetch, Queue<T> queue) {
        Adopted<T> adopted;
        try {
            adopted = new Adopted<>(loop, actual, prefetch, queue);
        } catch (RejectedExecutionException ended) {
            Operators.error(actual, Operators.onRejectedExecution(ended, actual.currentContext()));
            return null;
        }
        loop.adoptions().add(adopted);
        return adopted;
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (!Operators.validate(source, subscription)) {
            return;
        }
        source = subscription;
        actual.onSubscribe(this);
        subscribed = true; // the loop says that it is over, then looks here: one of the two sides tells
        if (over) {
            subscription.cancel();
            tell();
        } else {
            subscription.request(prefetch == 0 || prefetch == Integer.MAX_VALUE ? Long.MAX_VALUE : prefetch);
        }
    }

    @Override
    public void onNext(T value) {
        if (done) {
            Operators.onNextDropped(value, currentContext());
        } else if (cancelled || over) {
            Operators.onDiscard(value, currentContext());
        } else if (queue.offer(value)) {
            done = prefetch == 0;
            post();
        } else {
            Operators.onDiscard(value, currentContext());
            onError(Operators.onOperatorError(
                    source,
                    Exceptions.failWithOverflow("a source sent more than the " + prefetch + " that were requested"),
                    value,
                    currentContext()));
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (done || cancelled || over) {
            Operators.onErrorDropped(failure, currentContext());
        } else {
            error = failure;
            done = true;
            post();
        }
    }

    @Override
    public void onComplete() {
        if (!done) {
            done = true;
            post();
        }
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n)) {
            Operators.addCap(REQUESTED, this, n);
            if (!queue.isEmpty()) { // else the next value posts a turn, which sees the demand
                post();
            }
        }
    }

    @Override
    public void cancel() {
        if (cancelled) {
            return;
        }
        cancelled = true;
        Subscription subscription = source;
        if (subscription != null) {
            subscription.cancel();
        }
        handle.dispose();
        if (WIP.getAndIncrement(this) == 0) {
            discardQueued(1);
        }
    }

    private void post() {
        if (WIP.getAndIncrement(this) != 0) {
            return;
        }
        if (cancelled || over) {
            discardQueued(1);
            return;
        }
        try {
            loop.post(new Turn());
        } catch (RejectedExecutionException ended) {
            over = true;
            end();
        }
    }

    /** What is posted. */
    private final class Turn extends LoopTask {

        Turn() {
            super(Schedulers.onSchedule(Adopted.this), loop.worker());
        }

        @Override
        void dropped() {
            super.dropped();
            turnLost = withdraw(); // else its poster has: one of the two owns the queue now
        }
    }

    @Override
    public void run() {
        int missed = 1;
        while (missed != 0) {
            if (cancelled) {
                discardQueued(missed);
                return;
            }
            deliver();
            missed = WIP.addAndGet(this, -missed);
        }
    }

    private void deliver() {
        long demand = requested;
        long delivered = 0;
        while (!cancelled) {
            boolean last = done;
            T value = delivered == demand ? null : queue.poll();
            if (value == null) {
                if (last && queue.isEmpty()) {
                    terminate();
                }
                break;
            }
            actual.onNext(value);
            delivered++;
            if (++consumed == limit) {
                consumed = 0;
                requestMore();
            }
        }
        if (delivered != 0 && demand != Long.MAX_VALUE) {
            REQUESTED.addAndGet(this, -delivered);
        }
    }

    private void requestMore() {
        Subscription subscription = source;
        if (subscription != null && limit != Integer.MAX_VALUE) {
            subscription.request(limit);
        }
    }

    /** The handle closes after the last signal: there is no moment in which the loop looks idle. */
    private void terminate() {
        cancelled = true; // whoever cancels from now on finds nothing to do
        try {
            Throwable failure = error;
            if (failure != null) {
                actual.onError(failure);
            } else {
                actual.onComplete();
            }
        } finally {
            loop.adoptions().remove(this);
            handle.dispose();
        }
    }

    /** By the owner of the queue only. */
    private void discardQueued(int seen) {
        if (cancelled) {
            loop.adoptions().remove(this); // not before: a turn that is lost is the loop's to make up for
        }
        int missed = seen;
        while (missed != 0) {
            Operators.onDiscardQueueWithClear(queue, currentContext(), null);
            missed = WIP.addAndGet(this, -missed);
        }
    }

    /** The loop has ended, and nothing can signal on it any more. As the last thing there, or by who comes later. */
    void loopEnded() {
        over = true;
        if (turnLost || WIP.getAndIncrement(this) == 0) {
            end();
        }
    }

    /** By the owner of the queue only. */
    private void end() {
        Subscription subscription = source;
        try {
            if (subscription != null && !cancelled) {
                subscription.cancel();
            }
            discardQueued(1);
        } finally {
            loop.adoptions().remove(this);
            handle.dispose();
            tell();
        }
    }

    private void tell() {
        if (subscribed && !cancelled && loop.tellsItsEnd() && TOLD.compareAndSet(this, 0, 1)) {
            actual.onError(Exceptions.failWithRejected());
        }
    }

    @Override
    @SuppressWarnings("rawtypes")
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.PARENT) {
            return source;
        }
        if (key == Attr.ACTUAL) {
            return actual;
        }
        if (key == Attr.RUN_ON) {
            return loop;
        }
        if (key == Attr.RUN_STYLE) {
            return Attr.RunStyle.ASYNC;
        }
        if (key == Attr.PREFETCH) {
            return prefetch;
        }
        if (key == Attr.BUFFERED) {
            return queue.size();
        }
        if (key == Attr.REQUESTED_FROM_DOWNSTREAM) {
            return requested;
        }
        if (key == Attr.TERMINATED) {
            return done && queue.isEmpty();
        }
        if (key == Attr.CANCELLED) {
            return cancelled && !done;
        }
        return key == Attr.ERROR ? error : null;
    }
}
