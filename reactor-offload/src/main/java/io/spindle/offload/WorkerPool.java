// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.DurationHistogram;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Threads for computing, as many as there are processors, with one bounded queue: tasks with priorities, keys, limits
 * and cancellation.
 *
 * <p>All threads share the queue; whoever is free takes the first of the highest priority. Results come home: what is
 * subscribed on an {@link io.spindle.loop.EventLoop} signals on that loop and keeps it alive until then; what is
 * subscribed elsewhere signals on a thread of the pool.
 *
 * <p>A task is stopped, by cancel or its time limit, in two steps. {@link #isCancelled()} becomes true for it at once;
 * if it still runs after {@link WorkerPoolSpec#grace}, its thread is interrupted, never for the task that comes next.
 * Code that heeds neither keeps its thread to its end: a thread of the JVM cannot be killed.
 *
 * <p>A {@link Task}, work with a name, may also run in a JVM beside this one, at {@link Distance#PROCESS}. Callables and
 * functions cannot go there: such a pool refuses them with an {@link IllegalArgumentException}. There a task that heeds
 * nothing is ended with its JVM when the grace is over, and the next task gets a new one.
 *
 * <p>As a {@link Scheduler} it stands wherever {@code Schedulers.parallel()} does; a {@link Scheduler.Worker} keeps the
 * order of its tasks but is not bound to a thread. Its threads may block, though that is what a {@link BlockingPool} is
 * for.
 *
 * <p>Thread-safe. Node analogue: the pool that the documentation of {@code worker_threads} advises to build, and those
 * that were built: Piscina, Tinypool, workerpool, Poolifier.
 *
 * @since 0.1.0
 */
public interface WorkerPool extends Scheduler {

    /**
     * Returns whether the task that this thread runs for a pool was cancelled, ran out of time, or its thread was
     * interrupted: a long computation asks now and then and returns or throws, whatever it likes, if so. False on a
     * thread that is of no pool and was not interrupted.
     */
    static boolean isCancelled() {
        PoolThread worker = PoolThread.current();
        PoolTask task = worker == null ? null : worker.task();
        return (task != null && task.isStopped()) || Thread.currentThread().isInterrupted();
    }

    /** Returns the name of the pool, with which the names of its threads begin. */
    String name();

    /**
     * Runs {@code task} with the default options: see {@link #run(Callable, TaskOptions)}.
     *
     * @param task runs on the pool; null for an empty {@code Mono}
     * @return a cold {@code Mono} of the task's value
     */
    default <T> Mono<T> run(Callable<? extends @Nullable T> task) {
        return run(task, TaskOptions.defaults());
    }

    /**
     * Runs {@code task} on the pool, once for each subscription, from the first request on.
     * <ul>
     *   <li><b>Signals on</b> the {@link io.spindle.loop.EventLoop} it was subscribed on, else on the pool's thread; a
     *       time-out without a loop on {@code Schedulers.parallel()}.
     *   <li><b>Cancel</b> takes a waiting task out of the queue and stops a running one; its late value is discarded.
     *   <li><b>Errors</b> with what the task throws, with {@link java.util.concurrent.TimeoutException}, with
     *       {@link WorkerLostException} if its worker was lost and {@link TaskOptions#retries(int)} are used up, and
     *       with {@link TaskRejectedException} if the pool was disposed or the queue is full, as
     *       {@link WorkerPoolSpec#onFull} says.
     * </ul>
     *
     * @param task runs on the pool; null for an empty {@code Mono}
     * @param options its priority, key, time limit and retries
     * @return a cold {@code Mono} of the task's value
     */
    <T> Mono<T> run(Callable<? extends @Nullable T> task, TaskOptions options);

    /**
     * Runs a task with the default options: see {@link #run(Class, Object, TaskOptions)}.
     *
     * @param task its class
     * @param input what it is given
     * @return a cold {@code Mono} of the task's value
     */
    default <I, O> Mono<O> run(Class<? extends Task<I, O>> task, I input) {
        return run(task, input, TaskOptions.defaults());
    }

    /**
     * Runs a task as {@link #run(Callable, TaskOptions)} does, at any {@link Distance}. What the task throws is the error
     * as it is at {@link Distance#THREAD}, and a {@link TaskFailedException} at {@link Distance#PROCESS}.
     *
     * @param task its class, of which each run has a new instance
     * @param input what it is given; not changed from now on
     * @param options its priority, key, time limit and retries
     * @return a cold {@code Mono} of the task's value
     * @throws IllegalArgumentException if the class is none of a {@link Task} that can be run
     */
    default <I, O> Mono<O> run(Class<? extends Task<I, O>> task, I input, TaskOptions options) {
        return run(TaskCall.of(task, input), options);
    }

    /**
     * Maps on the pool, as many elements at once as the pool may have threads, and keeps the order:
     * {@code flux.transform(pool.map(fn))}.
     *
     * @param mapper runs on the pool, never returns null
     */
    default <T, R> Function<Flux<T>, Flux<R>> map(Function<? super T, ? extends R> mapper) {
        return map(mapper, maxThreads(), TaskOptions.defaults());
    }

    /**
     * Maps on the pool and keeps the order: see {@link BlockingPool#map(Function, int)}.
     *
     * @param mapper runs on the pool, never returns null
     * @param concurrency how many elements at once, 1 or more
     * @param options of the task of each element, whose time-out is a {@link java.util.concurrent.TimeoutException} in
     *     its turn, after the elements before
     */
    <T, R> Function<Flux<T>, Flux<R>> map(
            Function<? super T, ? extends R> mapper, int concurrency, TaskOptions options);

    /**
     * Maps by a task, as many elements at once as the pool may have threads, and keeps the order:
     * {@code requests.transform(pool.map(Thumbnail.class))}.
     *
     * @param task its class; its value is never null
     */
    default <I, O> Function<Flux<I>, Flux<O>> map(Class<? extends Task<I, O>> task) {
        return map(task, maxThreads(), TaskOptions.defaults());
    }

    /**
     * Maps by a task and keeps the order: see {@link #map(Function, int, TaskOptions)}.
     *
     * @param task its class; its value is never null
     * @param concurrency how many elements at once, 1 or more
     * @param options of the task of each element
     * @throws IllegalArgumentException if the class is none of a {@link Task} that can be run
     */
    <I, O> Function<Flux<I>, Flux<O>> map(Class<? extends Task<I, O>> task, int concurrency, TaskOptions options);

    /**
     * Maps on the pool, as many elements at once as the pool may have threads, and emits each value as it comes.
     *
     * @param mapper runs on the pool, never returns null
     */
    default <T, R> Function<Flux<T>, Flux<R>> mapUnordered(Function<? super T, ? extends R> mapper) {
        return mapUnordered(mapper, maxThreads(), TaskOptions.defaults());
    }

    /**
     * Maps on the pool without keeping the order: see {@link BlockingPool#mapUnordered(Function, int)}.
     *
     * @param mapper runs on the pool, never returns null
     * @param concurrency how many elements at once, 1 or more
     * @param options of the task of each element, whose time-out is a {@link java.util.concurrent.TimeoutException} at
     *     once
     */
    <T, R> Function<Flux<T>, Flux<R>> mapUnordered(
            Function<? super T, ? extends R> mapper, int concurrency, TaskOptions options);

    /**
     * Maps by a task, as many elements at once as the pool may have threads, and emits each value as it comes.
     *
     * @param task its class; its value is never null
     */
    default <I, O> Function<Flux<I>, Flux<O>> mapUnordered(Class<? extends Task<I, O>> task) {
        return mapUnordered(task, maxThreads(), TaskOptions.defaults());
    }

    /**
     * Maps by a task without keeping the order: see {@link #mapUnordered(Function, int, TaskOptions)}.
     *
     * @param task its class; its value is never null
     * @param concurrency how many elements at once, 1 or more
     * @param options of the task of each element
     * @throws IllegalArgumentException if the class is none of a {@link Task} that can be run
     */
    <I, O> Function<Flux<I>, Flux<O>> mapUnordered(
            Class<? extends Task<I, O>> task, int concurrency, TaskOptions options);

    /**
     * Gives the pool another size while it runs. Threads too many end when they have done their task.
     *
     * @param minThreads so many stay without work, 0 or more
     * @param maxThreads so many it may have, 1 or more and not fewer than {@code minThreads}
     */
    void resize(int minThreads, int maxThreads);

    /** Returns how many threads the pool may have, each with a JVM of its own at {@link Distance#PROCESS}. */
    int maxThreads();

    /** Returns what the pool does at present and has done so far. Cheap; the numbers are read one after the other. */
    WorkerPoolMetrics metrics();

    /** Returns how long tasks waited in the queue, without those that never ran; counted when they start. */
    DurationHistogram waitTimes();

    /** Returns how long tasks ran, those that were stopped and all retries included; counted when they end. */
    DurationHistogram runTimes();

    /**
     * Completes as soon as nothing waits or runs; the pool goes on and takes new tasks meanwhile.
     *
     * @return a cold {@code Mono}, signalled on the thread that ended the last task, or on the subscriber's
     */
    Mono<Void> drain();

    /**
     * Ends the pool now: waiting tasks error with {@link TaskRejectedException}, running ones are interrupted without
     * grace. Idempotent, does not wait: see {@link #onDispose()}.
     */
    @Override
    void dispose();

    /**
     * Ends the pool when its work is done: from the subscription on new work is refused, while everything accepted
     * runs. Combine with {@code timeout} and {@link #dispose()} for a limit.
     *
     * @return completes as {@link #onDispose()} does; cancel stops the waiting, not the ending
     */
    @Override
    Mono<Void> disposeGracefully();

    /**
     * Completes when the pool was disposed, its last task has ended, and so have the JVMs in which they ran; one
     * that was still starting is killed, and may end a moment later.
     *
     * @return a {@code Mono} that may be subscribed to at any time
     */
    Mono<Void> onDispose();

    /** Returns whether the pool has ended or is ending. */
    @Override
    boolean isDisposed();
}
