// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.DurationHistogram;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The face of a pool for computing. What it does is in {@link DefaultBlockingPool}, shared with the pool for calls. */
final class DefaultWorkerPool implements WorkerPool {

    final DefaultBlockingPool pool;
    private final boolean namedOnly;
    private final long startedAt = System.nanoTime();

    /**
     * Takes over a pool.
     *
     * @param namedOnly whether its tasks run where code cannot follow
     */
    DefaultWorkerPool(DefaultBlockingPool pool, boolean namedOnly) {
        this.pool = pool;
        this.namedOnly = namedOnly;
    }

    @Override
    public String name() {
        return pool.name();
    }

    @Override
    public <T> Mono<T> run(Callable<? extends @Nullable T> task, TaskOptions options) {
        Objects.requireNonNull(task, "task");
        if (!(task instanceof TaskCall)) {
            checkCode(task);
        }
        return OffloadMono.of(pool, task, Objects.requireNonNull(options, "options"));
    }

    private void checkCode(Object code) {
        if (namedOnly) {
            throw new IllegalArgumentException(
                    "pool " + name() + " runs its tasks in other processes, where code cannot"
                            + " follow: give it the class of a Task, was " + code);
        }
    }

    @Override
    public <T, R> Function<Flux<T>, Flux<R>> map(
            Function<? super T, ? extends R> mapper, int concurrency, TaskOptions options) {
        return mapping(mapper, concurrency, true, options);
    }

    @Override
    public <I, O> Function<Flux<I>, Flux<O>> map(
            Class<? extends Task<I, O>> task, int concurrency, TaskOptions options) {
        return mapping(task, concurrency, true, options);
    }

    @Override
    public <T, R> Function<Flux<T>, Flux<R>> mapUnordered(
            Function<? super T, ? extends R> mapper, int concurrency, TaskOptions options) {
        return mapping(mapper, concurrency, false, options);
    }

    @Override
    public <I, O> Function<Flux<I>, Flux<O>> mapUnordered(
            Class<? extends Task<I, O>> task, int concurrency, TaskOptions options) {
        return mapping(task, concurrency, false, options);
    }

    private <T, R> Function<Flux<T>, Flux<R>> mapping(
            Function<? super T, ? extends R> mapper, int concurrency, boolean ordered, TaskOptions options) {
        checkCode(mapper);
        return pool.mapping(
                OffloadMap.calling(mapper), concurrency, ordered, Objects.requireNonNull(options, "options"));
    }

    private <I, O> Function<Flux<I>, Flux<O>> mapping(
            Class<? extends Task<I, O>> task, int concurrency, boolean ordered, TaskOptions options) {
        Class<? extends Task<I, O>> checked = TaskCall.checked(task);
        return pool.mapping(
                input -> TaskCall.of(checked, input), concurrency, ordered, Objects.requireNonNull(options, "options"));
    }

    @Override
    public void resize(int minThreads, int maxThreads) {
        WorkerPoolSpec.checkThreads(minThreads, maxThreads);
        pool.resize(minThreads, maxThreads);
    }

    @Override
    public int maxThreads() {
        return pool.threads();
    }

    @Override
    public WorkerPoolMetrics metrics() {
        BlockingPoolMetrics now = pool.metrics();
        double capacityNanos = (double) (System.nanoTime() - startedAt) * maxThreads();
        double utilization = capacityNanos <= 0 ? 0 : Math.min(1, pool.busyNanos() / capacityNanos);
        return new WorkerPoolMetrics(
                now.threads(),
                now.running(),
                now.queued(),
                pool.waiting(),
                now.completed(),
                now.rejected(),
                pool.retried(),
                utilization,
                now.stuck());
    }

    @Override
    public DurationHistogram waitTimes() {
        return pool.waitTimes();
    }

    @Override
    public DurationHistogram runTimes() {
        return pool.runTimes();
    }

    @Override
    public Mono<Void> drain() {
        return pool.drain();
    }

    @Override
    public Disposable schedule(Runnable task) {
        return pool.schedule(task);
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return pool.schedule(task, delay, unit);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return pool.schedulePeriodically(task, initialDelay, period, unit);
    }

    @Override
    public Worker createWorker() {
        return pool.createWorker();
    }

    @Override
    public void init() {
        pool.init();
    }

    @Override
    public void dispose() {
        pool.dispose();
    }

    @Override
    public Mono<Void> disposeGracefully() {
        return pool.disposeGracefully();
    }

    @Override
    public Mono<Void> onDispose() {
        return pool.onDispose();
    }

    @Override
    public boolean isDisposed() {
        return pool.isDisposed();
    }

    @Override
    public String toString() {
        return "WorkerPool(" + name() + ")";
    }
}
