// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.DurationHistogram;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * A bounded number of threads with one bounded queue, for calls that would hold up an event loop.
 *
 * <p>All threads share the queue: no task waits for a busy thread while another one is free. Threads are started when
 * they are needed, sleep when there is nothing to do and end after {@link BlockingPoolSpec#keepAlive()}. They may
 * block: they are not {@link reactor.core.scheduler.NonBlocking}.
 *
 * <p>Results come home: what is subscribed on an {@link io.spindle.loop.EventLoop} signals on that loop and keeps it
 * alive until then; what is subscribed elsewhere signals on a thread of the pool. A call that a thread of the pool
 * makes to its own pool, and may wait for, cannot deadlock: it runs at once, on that thread, if no other is free.
 *
 * <p>As a {@link Scheduler} it stands wherever {@code Schedulers.boundedElastic()} does. A
 * {@link Scheduler.Worker} keeps the order of its tasks; delays are timed by {@code Schedulers.parallel()}. A task that
 * is disposed while it runs is interrupted.
 *
 * <p>Thread-safe. Node analogue: the thread pool of libuv, which has no bound, no name and no metrics.
 *
 * @since 0.1.0
 */
public interface BlockingPool extends Scheduler {

    /**
     * Returns the pool that everybody in this JVM shares, on daemon threads, created at the first call. It lives as
     * long as the JVM: disposing it does nothing.
     *
     * <p>It has as many threads as the system property {@code spindle.offload.threads} says, else the environment
     * variable {@code SPINDLE_OFFLOAD_THREADS}, from 1 to 1024, read once; by default ten for each processor, as
     * {@code boundedElastic}. Node's {@code UV_THREADPOOL_SIZE} is 4 by default, which four slow calls exhaust for the
     * whole process; a parked thread costs little, and one that is never needed is never started.
     */
    static BlockingPool shared() {
        return SharedBlockingPool.get();
    }

    /** Returns the name of the pool, with which the names of its threads begin. */
    String name();

    /**
     * Runs {@code task} on a thread of the pool, once for each subscription, from the first request on.
     * <ul>
     *   <li><b>Signals on</b> the {@link io.spindle.loop.EventLoop} it was subscribed on, else on the pool's thread.
     *   <li><b>Cancel</b> takes a waiting task out of the queue and interrupts a running one; its late value is
     *       discarded.
     *   <li><b>Errors</b> with what the task throws, with {@link TaskRejectedException} if the pool was disposed or the
     *       queue is full and {@link BlockingPoolSpec#onFull(OnFull)} says so, and with {@link
     *       java.util.concurrent.RejectedExecutionException} if its loop is disposed first, which cancels it.
     * </ul>
     *
     * @param task runs on the pool; null for an empty {@code Mono}
     * @return a cold {@code Mono} of the task's value
     */
    <T> Mono<T> call(Callable<? extends @Nullable T> task);

    /**
     * The same as {@link #call(Callable)} with a limit for the run: the time in the queue does not count, unlike with
     * {@link Mono#timeout(Duration)}. When it is over the task is interrupted and the {@code Mono} errors at once with
     * {@link java.util.concurrent.TimeoutException}, on its loop or else on {@code Schedulers.parallel()}; code that
     * ignores the interrupt keeps its thread until it ends.
     *
     * @param task runs on the pool; null for an empty {@code Mono}
     * @param timeout from the start of the run, more than zero
     * @return a cold {@code Mono} of the task's value
     */
    <T> Mono<T> call(Callable<? extends @Nullable T> task, Duration timeout);

    /**
     * Runs {@code task} on a thread of the pool: {@link #call(Callable)} without a value.
     *
     * @param task runs on the pool
     * @return a cold {@code Mono} that completes when the task has ended
     */
    Mono<Void> run(Runnable task);

    /**
     * Maps on the pool, as many elements at once as the pool has threads, and keeps the order:
     * {@code flux.transform(pool.map(fn))}. The same as {@link #map(Function, int)} with that number.
     *
     * @param mapper runs on the pool, never returns null
     */
    default <T, R> Function<Flux<T>, Flux<R>> map(Function<? super T, ? extends R> mapper) {
        return map(mapper, threads());
    }

    /**
     * Maps on the pool and keeps the order: a slow element holds back those after it.
     * <ul>
     *   <li><b>Backpressure</b>: at most {@code concurrency} elements are taken from the source and not yet emitted,
     *       running or done.
     *   <li><b>Signals on</b> the loop it was subscribed on, else on threads of the pool or of the subscriber's
     *       requests, one at a time.
     *   <li><b>Cancel</b> stops the source, takes waiting elements out of the queue and interrupts running ones; inputs
     *       that never ran and values that were never emitted are discarded.
     *   <li><b>Errors</b> of the source come after the values before them. The first error of the mapper, or a
     *       {@link TaskRejectedException}, comes after the values before its element and stops everything else.
     * </ul>
     *
     * @param mapper runs on the pool, never returns null
     * @param concurrency how many elements at once, 1 or more
     */
    <T, R> Function<Flux<T>, Flux<R>> map(Function<? super T, ? extends R> mapper, int concurrency);

    /**
     * Maps on the pool, as many elements at once as the pool has threads, and emits each value as it comes. The same as
     * {@link #mapUnordered(Function, int)} with that number.
     *
     * @param mapper runs on the pool, never returns null
     */
    default <T, R> Function<Flux<T>, Flux<R>> mapUnordered(Function<? super T, ? extends R> mapper) {
        return mapUnordered(mapper, threads());
    }

    /**
     * The same as {@link #map(Function, int)} without its order: each value is emitted as soon as it is there and was
     * requested, and an error of the mapper at once.
     *
     * @param mapper runs on the pool, never returns null
     * @param concurrency how many elements at once, 1 or more
     */
    <T, R> Function<Flux<T>, Flux<R>> mapUnordered(Function<? super T, ? extends R> mapper, int concurrency);

    /**
     * Returns a pool that uses the threads of this one, at most {@code threads} of them at once, whoever calls, so that one
     * kind of slow work cannot occupy all. So a task of a full view must not block on what waits for that view itself, on
     * another thread. It has a queue of its own, of this one's capacity, and its work queues behind that
     * of this pool. Disposing it refuses its waiting and later tasks and leaves this pool alone. Node analogue: the
     * slow I/O of libuv, which may take half of the threads.
     *
     * @param name of the view, for its metrics and errors; not empty
     * @param threads at most how many at once, 1 or more; a number above this pool's has no effect
     */
    BlockingPool view(String name, int threads);

    /** Returns how many threads the pool uses at most. */
    int threads();

    /** Returns what the pool does at present and has done so far. Cheap; the numbers are read one after the other. */
    BlockingPoolMetrics metrics();

    /** Returns how long tasks waited in the queue, without those that never ran; counted when they start. */
    DurationHistogram waitTimes();

    /** Returns how long tasks ran, those that were interrupted included; counted when they end. */
    DurationHistogram runTimes();

    /**
     * Ends the pool now: waiting calls error with {@link TaskRejectedException}, waiting tasks of the
     * {@link Scheduler} are dropped, running ones are interrupted. Idempotent, does not wait: see {@link #onDispose()}.
     */
    @Override
    void dispose();

    /**
     * Ends the pool when its work is done: from the subscription on new work is refused, save calls that its own
     * threads make, while everything accepted runs. Combine with {@code timeout} and {@link #dispose()} for a limit.
     *
     * @return completes as {@link #onDispose()} does; cancel stops the waiting, not the ending
     */
    @Override
    Mono<Void> disposeGracefully();

    /**
     * Completes when the pool was disposed and its last task has ended.
     *
     * @return a {@code Mono} that may be subscribed to at any time, signalled by the last thread of the pool, by the
     *     one that disposed it, or by the subscriber's
     */
    Mono<Void> onDispose();

    /** Returns whether the pool has ended or is ending. */
    @Override
    boolean isDisposed();
}
