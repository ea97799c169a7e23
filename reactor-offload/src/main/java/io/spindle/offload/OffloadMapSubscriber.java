// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.EventLoop;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * The state of one subscription to a map: a slot for each element that was taken from the source and not yet emitted,
 * and a drain that emits, on the loop or on whichever thread gets there first.
 *
 * <p>Ordered, the slots are a ring and the drain waits for the eldest; unordered, elements that are done queue up in
 * {@code ready}, and the slots that are free in {@code free}.
 *
 * <p>On a loop every signal is one of its thread, which also comes to {@link #loopEnded} when it ends, as the last thing.
 */
final class OffloadMapSubscriber<T, R> implements CoreSubscriber<T>, Subscription, Runnable {

    private static final int AT_ONCE = 256; // on a loop, then others have their turn

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<OffloadMapSubscriber> WIP =
            AtomicIntegerFieldUpdater.newUpdater(OffloadMapSubscriber.class, "wip");

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<OffloadMapSubscriber> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(OffloadMapSubscriber.class, "requested");

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<OffloadMapSubscriber> TOLD =
            AtomicIntegerFieldUpdater.newUpdater(OffloadMapSubscriber.class, "toldOfLoop");

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<OffloadMapSubscriber, @Nullable Throwable> FAILURE =
            AtomicReferenceFieldUpdater.newUpdater(OffloadMapSubscriber.class, Throwable.class, "failure");

    private final CoreSubscriber<? super R> actual;
    final DefaultBlockingPool pool;
    private final Function<? super T, ? extends Callable<? extends @Nullable R>> calls;
    final boolean ordered;
    final TaskOptions options;
    private final @Nullable EventLoop loop;
    private final AtomicReferenceArray<@Nullable OffloadMapElement<T, R>> slots;
    private final @Nullable Queue<Integer> free; // the drain gives, the source takes
    private final @Nullable Queue<OffloadMapElement<T, R>> ready; // the pool gives, the drain takes

    private volatile @Nullable Subscription upstream;
    private @Nullable Disposable hold; // of the loop, which its end lets go

    private long taken; // source only, read by others after `done`
    private long emitted; // drain only
    private @Nullable Throwable error; // written before `done`
    private volatile boolean done;
    private volatile boolean cancelled;
    private volatile boolean subscribed; // the subscriber may be told errors
    private volatile @Nullable Throwable loopsEnd; // that the subscriber is to be told
    private volatile @Nullable Throwable failure;
    volatile @Nullable Throwable told; // by whom it ended
    private volatile long requested;

    @SuppressWarnings("unused") // through its updater
    private volatile int wip;

    @SuppressWarnings("unused") // through its updater
    private volatile int toldOfLoop;

    OffloadMapSubscriber(
            CoreSubscriber<? super R> actual,
            DefaultBlockingPool pool,
            Function<? super T, ? extends Callable<? extends @Nullable R>> calls,
            int concurrency,
            boolean ordered,
            TaskOptions options,
            @Nullable EventLoop loop) {
        this.actual = actual;
        this.pool = pool;
        this.calls = calls;
        this.ordered = ordered;
        this.options = options;
        this.loop = loop;
        this.slots = new AtomicReferenceArray<>(concurrency);
        this.free = ordered ? null : Queues.<Integer>get(concurrency).get();
        this.ready = ordered
                ? null
                : Queues.<OffloadMapElement<T, R>>unboundedMultiproducer().get();
        for (int i = 0; free != null && i < concurrency; i++) {
            free.offer(i);
        }
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    /** Keeps the loop alive until the last signal; returns why it cannot, if it has ended. */
    @Nullable
    Throwable holdLoop(String kind) {
        if (loop != null) {
            hold = loop.adopt(Mono.never().doOnCancel(this::loopEnded).name(kind))
                    .subscribe(never -> {}, this::tellEndOfLoop);
        }
        return loopsEnd;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(upstream, subscription)) {
            upstream = subscription;
            actual.onSubscribe(this);
            subscribed = true; // and then the look at the loop; who ends it looks the other way round
            Throwable end = loopsEnd;
            if (end != null) {
                subscription.cancel();
                tellEndOfLoop(end);
            } else {
                subscription.request(slots.length());
            }
        }
    }

    /** On the loop, when its hold is over: nothing is running here, and nothing runs here any more. */
    private void loopEnded() {
        if (!cancelled) {
            stop();
        }
        discardAll();
        dropUntold();
    }

    private void tellEndOfLoop(Throwable end) {
        loopsEnd = end;
        if (subscribed && TOLD.compareAndSet(this, 0, 1)) {
            actual.onError(end);
        }
    }

    @Override
    public void onNext(T input) {
        if (done) {
            Operators.onNextDropped(input, currentContext());
            return;
        }
        Integer slot = free == null ? Integer.valueOf((int) (taken % slots.length())) : free.poll();
        if (slot == null || slots.get(slot) != null) {
            cancelUpstream();
            Operators.onDiscard(input, currentContext());
            onError(Exceptions.failWithOverflow("the source emitted more than was requested"));
            return;
        }
        OffloadMapElement<T, R> element = new OffloadMapElement<>(this, input, slot);
        slots.set(slot, element);
        taken++;
        if (cancelled) { // who cancels sets this, then looks at the slots
            element.abandon();
            return;
        }
        TaskRejectedException refusal = pool.offer(element);
        if (refusal != null) {
            element.refuse(refusal);
        }
    }

    @Override
    public void onError(Throwable thrown) {
        if (done || cancelled) {
            Operators.onErrorDropped(thrown, currentContext());
            return;
        }
        error = thrown;
        done = true;
        drain();
    }

    @Override
    public void onComplete() {
        done = true;
        drain();
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n)) {
            Operators.addCap(REQUESTED, this, n);
            drain();
        }
    }

    @Override
    public void cancel() {
        if (!cancelled) {
            toldOfLoop = 1; // nothing is to be told any more
            stop();
            drain();
        }
    }

    /** Stops the source and everything on the pool. */
    private void stop() {
        cancelled = true;
        cancelUpstream();
        for (int i = 0; i < slots.length(); i++) { // first those that wait, for else the freed threads would take them
            OffloadMapElement<T, R> element = slots.get(i);
            if (element != null) {
                element.abandonWaiting();
            }
        }
        for (int i = 0; i < slots.length(); i++) {
            OffloadMapElement<T, R> element = slots.get(i);
            if (element != null) {
                element.abandon();
            }
        }
    }

    private void cancelUpstream() {
        Subscription subscription = upstream;
        if (subscription != null) { // else its publisher is slow to give one, and the loop has ended
            subscription.cancel();
        }
    }

    /** On the pool. */
    @Nullable
    R map(OffloadMapElement<T, R> element) throws Exception {
        return pool.execute(element, calls.apply(element.input));
    }

    void completed(OffloadMapElement<T, R> element) {
        if (ready != null) {
            failed(element.error);
            ready.offer(element);
        }
        drain();
    }

    private void failed(@Nullable Throwable thrown) {
        if (thrown != null && !FAILURE.compareAndSet(this, null, thrown)) {
            dropped(thrown);
        }
    }

    /** Another one was told already. What the pool refused is in its metrics. */
    void dropped(Throwable thrown) {
        if (!(thrown instanceof TaskRejectedException)) {
            Operators.onErrorDropped(thrown, currentContext());
        }
    }

    /** It runs on, though its outcome is known: it has no slot in {@code ready}, which is for those that are done. */
    void timedOut(OffloadMapElement<T, R> element) {
        if (ready != null) {
            failed(element.failure());
        }
        drain();
    }

    private void drain() {
        if (WIP.getAndIncrement(this) != 0) {
            return;
        }
        if (loop == null || loop.inLoop()) {
            drainLoop();
        } else {
            postDrain();
        }
    }

    /** By who holds {@code wip}, and holds it on. */
    private void postDrain() {
        try {
            Objects.requireNonNull(loop).netty().execute(Schedulers.onSchedule(this));
        } catch (RejectedExecutionException ending) { // wip stays above zero: nothing drains any more
            if (cancelled) { // else it comes to loopEnded
                discardAll();
            }
        }
    }

    /** On the loop. */
    @Override
    public void run() {
        if (loop != null && !loop.netty().isShuttingDown()) { // else it ends at once, and comes to loopEnded
            drainLoop();
        }
    }

    private void drainLoop() {
        int missed = 1;
        long left = loop == null ? Long.MAX_VALUE : AT_ONCE;
        do {
            long produced = 0;
            while (!terminated()) {
                OffloadMapElement<T, R> next = next();
                if (next == null || produced == requested || produced == left) {
                    break;
                }
                if (PoolTask.STATE.compareAndSet(
                        next, PoolTask.DONE, PoolTask.DELIVERED)) { // else cancelled, discarded
                    R value = take(next);
                    produced++;
                    actual.onNext(value);
                }
            }
            Subscription subscription = upstream;
            if (produced > 0 && !cancelled && subscription != null) {
                Operators.produced(REQUESTED, this, produced);
                subscription.request(produced);
            }
            left -= produced;
            if (left == 0) { // others have their turn
                postDrain();
                return;
            }
            missed = WIP.addAndGet(this, -missed);
        } while (missed != 0);
    }

    /** Ends the subscription if it is time: cancelled, failed, or nothing left. */
    private boolean terminated() {
        if (cancelled) {
            discardAll();
            dropUntold();
            letGo();
            return true;
        }
        boolean ended = done; // before what has failed and what is left
        OffloadMapElement<T, R> eldest = ordered ? next() : null;
        Throwable failed = eldest != null ? eldest.failure() : failure;
        if (failed != null) {
            told = failed;
            stop();
            discardAll();
            Throwable ofSource = error;
            if (ended && ofSource != null) {
                dropped(ofSource);
            }
            try {
                actual.onError(failed);
            } finally { // the loop is not held by a subscriber that throws
                letGo();
            }
            return true;
        }
        if (ended && emitted == taken) {
            cancelled = true;
            try {
                if (error != null) {
                    actual.onError(error);
                } else {
                    actual.onComplete();
                }
            } finally {
                letGo();
            }
            return true;
        }
        return false;
    }

    private void dropUntold() {
        Throwable untold = failure;
        if (untold != null && !untold.equals(told)) {
            told = untold;
            dropped(untold);
        }
    }

    /** The element to emit next, if it is done. */
    private @Nullable OffloadMapElement<T, R> next() {
        if (ready != null) {
            return ready.peek();
        }
        OffloadMapElement<T, R> eldest = slots.get((int) (emitted % slots.length()));
        return eldest != null && eldest.hasOutcome() ? eldest : null;
    }

    private R take(OffloadMapElement<T, R> element) {
        emitted++;
        slots.set(element.slot, null);
        if (ready != null && free != null) {
            ready.poll();
            free.offer(element.slot);
        }
        R value = element.value;
        assert value != null : "done without an error";
        return value;
    }

    private void discardAll() {
        for (int i = 0; i < slots.length(); i++) {
            OffloadMapElement<T, R> element = slots.getAndSet(i, null);
            if (element != null) {
                element.abandon();
            }
        }
    }

    /** Also for who could not subscribe it. */
    void letGo() {
        if (hold != null) {
            hold.dispose();
        }
    }
}
