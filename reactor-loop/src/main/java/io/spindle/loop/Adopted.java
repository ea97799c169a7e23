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
 * One subscription to an adopted publisher: what {@code publishOn} does, and it holds the loop open, and ends with it.
 *
 * <p>Signals are queued and a turn is posted, which delivers them on the loop. Who raises {@link #wip} from zero owns the
 * queue, and gives it up by bringing it back to zero. The owner hands it on to the turn that it posts. A turn that is
 * {@link #lost}, since the loop ends, leaves it to the end of the loop, see {@link #loopEnded}. Where nobody wants the
 * values any more the owner discards them.
 */
final class Adopted<T> implements CoreSubscriber<T>, Subscription, Runnable, Scannable {

    // What happens once.
    private static final int RELEASED = 1; // the loop
    private static final int ASKED = 2; // the source of a Mono, for its value
    private static final int ENDED = 4; // with the loop
    private static final int TOLD = 8; // that it has

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Adopted> WIP =
            AtomicIntegerFieldUpdater.newUpdater(Adopted.class, "wip");

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Adopted> HAPPENED =
            AtomicIntegerFieldUpdater.newUpdater(Adopted.class, "happened");

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<Adopted> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(Adopted.class, "requested");

    private final DefaultEventLoop loop;
    private final Scannable publisher;
    private final CoreSubscriber<? super T> actual;
    private final int prefetch; // 0 for a Mono
    private final int limit; // after how many more are requested
    private final @Nullable Queue<T> queue; // none for a Mono

    private volatile @Nullable T value; // of a Mono
    private volatile @Nullable Throwable error; // that was not delivered yet; the owner takes it
    private volatile @Nullable Subscription source;
    private volatile long requested;
    private volatile boolean subscribed; // the subscriber may be told errors
    private volatile boolean done; // the source has ended
    private volatile boolean cancelled; // nobody wants more
    private volatile boolean over; // the loop has ended
    private volatile boolean lost; // the turn that owned the queue will not run

    @SuppressWarnings("unused") // through its updater
    private volatile int wip;

    private volatile int happened;

    private int consumed; // since the last request; of the loop

    // Of the loop's list, under its lock.
    @Nullable
    Adopted<?> previous;

    @Nullable
    Adopted<?> next;

    boolean listed;

    private Adopted(DefaultEventLoop loop, Scannable publisher, CoreSubscriber<? super T> actual, int prefetch) {
        this.loop = loop;
        this.publisher = publisher;
        this.actual = actual;
        this.prefetch = prefetch;
        this.limit = prefetch == Integer.MAX_VALUE ? prefetch : prefetch - (prefetch >> 2);
        this.queue = prefetch == 0 ? null : Queues.<T>get(prefetch).get();
    }

    /**
     * The subscriber of a loop.
     *
     * @param prefetch 0 for a Mono
     * @return null if the loop has ended; the subscriber has been told
     */
    static <T> @Nullable Adopted<T> by(
            DefaultEventLoop loop, Scannable publisher, CoreSubscriber<? super T> actual, int prefetch) {
        try {
            loop.hold();
        } catch (RejectedExecutionException ended) {
            Operators.error(actual, Operators.onRejectedExecution(ended, actual.currentContext()));
            return null;
        }
        Adopted<T> adopted = new Adopted<>(loop, publisher, actual, prefetch);
        if (!loop.adoptions().add(adopted)) {
            adopted.loopEnded();
        }
        return adopted;
    }

    /** What was adopted. */
    Scannable publisher() {
        return publisher;
    }

    /** Whether the loop is kept open by it. */
    boolean holds() {
        return (happened & RELEASED) == 0;
    }

    private boolean isFirst(int what) {
        int before;
        do {
            before = happened;
            if ((before & what) != 0) {
                return false;
            }
        } while (!HAPPENED.compareAndSet(this, before, before | what));
        return true;
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
        if (cancelled) { // its publisher threw before it came: the subscriber has heard of that
            subscription.cancel();
            return;
        }
        orCancel(() -> {
            actual.onSubscribe(this);
            subscribed = true; // and then the look at what came meanwhile; who comes later looks at this
            if (over) {
                try {
                    subscription.cancel();
                } finally {
                    tell();
                }
            } else if (queue != null) {
                subscription.request(prefetch == Integer.MAX_VALUE ? Long.MAX_VALUE : prefetch);
            } else if (requested > 0) {
                ask(subscription);
            }
        });
    }

    /** What throws, as a fatal error does, must not leave the loop held by what nobody hears of any more. */
    void orCancel(Runnable step) {
        try {
            step.run();
        } catch (Throwable thrown) {
            cancel();
            throw thrown;
        }
    }

    private void ask(Subscription subscription) {
        if (isFirst(ASKED)) {
            subscription.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(T next) {
        if (done) {
            Operators.onNextDropped(next, currentContext());
        } else if (cancelled || over) {
            Operators.onDiscard(next, currentContext());
        } else if (offer(next)) {
            done = queue == null;
            post();
        } else {
            Operators.onDiscard(next, currentContext());
            onError(Operators.onOperatorError(
                    source,
                    Exceptions.failWithOverflow("a source sent more than the " + prefetch + " that were requested"),
                    next,
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
        if (!Operators.validate(n)) {
            return;
        }
        Operators.addCap(REQUESTED, this, n);
        Subscription subscription = source;
        if (queue == null && subscribed && subscription != null) {
            orCancel(() -> ask(subscription));
        }
        if (!isEmpty()) { // else the next value posts a turn, which sees the demand
            post();
        }
    }

    @Override
    public void cancel() {
        if (cancelled) {
            return;
        }
        cancelled = true;
        Subscription subscription = source;
        try {
            if (subscription != null) {
                subscription.cancel();
            }
        } finally {
            release();
            if (WIP.getAndIncrement(this) == 0) {
                discardQueued();
            }
        }
    }

    private boolean offer(T next) {
        if (queue != null) {
            return queue.offer(next);
        }
        value = next;
        return true;
    }

    /** By the owner only. */
    private @Nullable T poll() {
        if (queue != null) {
            return queue.poll();
        }
        T only = value;
        if (only != null) { // it may come in this moment
            value = null;
        }
        return only;
    }

    private boolean isEmpty() {
        return queue == null ? value == null : queue.isEmpty();
    }

    private void post() {
        if (WIP.getAndIncrement(this) != 0) {
            return;
        }
        if (!cancelled && !over) {
            postTurn();
        } else if (cancelled || !isFirst(ENDED)) {
            discardQueued();
        } else { // the loop found this thread to be the owner, and has left it
            end();
        }
    }

    /** By the owner, who is so no more. */
    private void postTurn() {
        Turn turn;
        try {
            turn = new Turn();
        } catch (Throwable hook) {
            abandon();
            throw hook;
        }
        try {
            loop.postHeld(turn);
        } catch (RejectedExecutionException ending) {
            lost = true; // then the look at whether the loop still comes to its end; that takes it out, then looks at
            // this
            if (!loop.adoptions().contains(this) && isFirst(ENDED)) {
                end();
            }
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
            lost = true;
        }
    }

    @Override
    public void run() {
        int missed = 1;
        loop.turnBudget().begin();
        while (missed != 0) {
            if (cancelled) {
                discardQueued();
                return;
            }
            boolean goesOn;
            try {
                goesOn = deliver();
            } catch (Throwable subscribers) { // nothing may be left to a subscriber that throws
                abandon();
                throw subscribers;
            }
            if (goesOn) {
                postTurn();
                return;
            }
            missed = WIP.addAndGet(this, -missed);
        }
    }

    /** Returns whether it stopped for the sake of the loop, which has something else to do or has to end. */
    private boolean deliver() {
        long demand = requested;
        long taken = 0;
        boolean goesOn = false;
        while (!cancelled && !goesOn) {
            boolean last = done;
            T next = taken == demand ? null : poll();
            if (next == null) {
                if (last && isEmpty()) {
                    terminate();
                }
                break;
            }
            actual.onNext(next);
            taken++;
            if (++consumed == limit) {
                consumed = 0;
                requestMore();
            }
            if (queue == null) { // a Mono has ended with its value, and nothing may come between the two
                if (!cancelled) {
                    terminate();
                }
                return false;
            }
            goesOn = loop.isDiscarding() || loop.turnBudget().isSpent();
        }
        if (taken != 0 && demand != Long.MAX_VALUE) {
            REQUESTED.addAndGet(this, -taken);
        }
        return goesOn;
    }

    private void requestMore() {
        Subscription subscription = source;
        if (subscription != null && limit != Integer.MAX_VALUE) {
            subscription.request(limit);
        }
    }

    /** The loop is let go after the last signal: there is no moment in which it looks idle. */
    private void terminate() {
        cancelled = true; // whoever cancels from now on finds nothing to do
        Throwable failure = error;
        error = null;
        try {
            if (failure != null) {
                actual.onError(failure);
            } else {
                actual.onComplete();
            }
        } finally {
            loop.adoptions().remove(this);
            release();
        }
    }

    private void release() {
        if (isFirst(RELEASED)) {
            loop.letGo();
        }
    }

    /** By the owner only: drops what nobody is told any more, until nothing comes. */
    private void discardQueued() {
        if (cancelled) {
            loop.adoptions().remove(this); // not before: a turn that is lost is the loop's to make up for
        }
        for (int missed = 1; missed != 0; missed = WIP.addAndGet(this, -missed)) {
            for (T next = poll(); next != null; next = poll()) {
                Operators.onDiscard(next, currentContext());
            }
            Throwable untold = error;
            if (untold != null) { // it may come in this moment
                error = null;
                Operators.onErrorDropped(untold, currentContext());
            }
        }
    }

    /** By the owner only, for a subscriber or a hook that threw. */
    private void abandon() {
        boolean wasCancelled = cancelled;
        cancelled = true;
        Subscription subscription = source;
        try {
            if (subscription != null && !wasCancelled) {
                subscription.cancel();
            }
        } finally {
            release();
            discardQueued();
        }
    }

    /**
     * The loop has ended, and nothing can signal on it any more. As the last thing there, or by who comes later. Unless
     * there is an owner: that finds it out, and ends this itself.
     */
    void loopEnded() {
        over = true;
        boolean inherited = lost;
        if (inherited || WIP.getAndIncrement(this) == 0) {
            if (isFirst(ENDED)) {
                end();
            } else if (!inherited) {
                discardQueued();
            }
        }
    }

    /** By the owner only, once. */
    private void end() {
        over = true; // the loop may not have come so far
        Subscription subscription = source;
        try {
            if (subscription != null && !cancelled) {
                subscription.cancel();
            }
        } finally {
            release();
            try {
                discardQueued();
            } finally {
                loop.adoptions().remove(this);
                tell();
            }
        }
    }

    private void tell() {
        if (subscribed && !cancelled && loop.adoptions().tellTheEnd() && isFirst(TOLD)) {
            actual.onError(Exceptions.failWithRejected());
        }
    }

    @Override
    @SuppressWarnings({"rawtypes", "ReferenceEquality"})
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
            return queue == null ? (value == null ? 0 : 1) : queue.size();
        }
        if (key == Attr.REQUESTED_FROM_DOWNSTREAM) {
            return requested;
        }
        if (key == Attr.TERMINATED) {
            return done && isEmpty();
        }
        if (key == Attr.CANCELLED) {
            return cancelled && !done;
        }
        return key == Attr.ERROR ? error : null;
    }
}
