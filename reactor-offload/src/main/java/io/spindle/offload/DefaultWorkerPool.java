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

    private final DefaultBlockingPool pool;
    private final long startedAt = System.nanoTime();

    DefaultWorkerPool(DefaultBlockingPool pool) {
        this.pool = pool;
    }

    @Override
    public String name() {
        return pool.name();
    }

    @Override
    public <T> Mono<T> run(Callable<? extends @Nullable T> task, TaskOptions options) {
        return OffloadMono.of(pool, Objects.requireNonNull(task, "task"), Objects.requireNonNull(options, "options"));
    }

    @Override
    public <T, R> Function<Flux<T>, Flux<R>> map(
            Function<? super T, ? extends R> mapper, int concurrency, TaskOptions options) {
        return pool.mapping(mapper, concurrency, true, Objects.requireNonNull(options, "options"));
    }

    @Override
    public <T, R> Function<Flux<T>, Flux<R>> mapUnordered(
            Function<? super T, ? extends R> mapper, int concurrency, TaskOptions options) {
        return pool.mapping(mapper, concurrency, false, Objects.requireNonNull(options, "options"));
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
