// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.scheduler.Scheduler;
import reactor.util.concurrent.Queues;

/**
 * A worker is a queue of its own that stands in the pool's queue while it has tasks: they run in order, never two at a
 * time, on any thread. Each of its tasks takes its room in the pool's queue.
 */
final class PoolWorker implements Scheduler.Worker, Work {

    private static final AtomicIntegerFieldUpdater<PoolWorker> WIP =
            AtomicIntegerFieldUpdater.newUpdater(PoolWorker.class, "wip");

    /** So many tasks it runs in one go, then others get their turn. */
    private static final int BATCH = 64;

    private final DefaultBlockingPool pool;
    private final Queue<ScheduledTask> queue =
            Queues.<ScheduledTask>unboundedMultiproducer().get(); // polled by who runs the worker
    private final Disposable.Composite delayed = Disposables.composite();
    private volatile @Nullable ScheduledTask running;
    private volatile boolean disposed;

    @SuppressWarnings("unused") // through its updater
    private volatile int wip;

    PoolWorker(DefaultBlockingPool pool) {
        this.pool = pool;
    }

    @Override
    public Disposable schedule(Runnable task) {
        if (disposed) {
            throw Exceptions.failWithRejected();
        }
        ScheduledTask scheduled = new ScheduledTask(pool, task, this);
        TaskRejectedException refusal = pool.reserve();
        if (refusal != null) {
            throw refusal;
        }
        scheduled.enqueue();
        queue.offer(scheduled);
        if (WIP.getAndIncrement(this) == 0) {
            pool.submit(this);
        }
        return scheduled;
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return delay <= 0 ? schedule(task) : track(DelayedTask.once(this::schedule, task, delay, unit));
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return track(DelayedTask.periodic(this::schedule, task, initialDelay, period, unit));
    }

    private Disposable track(DelayedTask task) {
        if (!delayed.add(task)) { // which has disposed it
            throw Exceptions.failWithRejected();
        }
        task.onEnd(() -> delayed.remove(task));
        return task;
    }

    @Override
    public void runOn(PoolThread thread) {
        int ran = 0;
        do {
            ScheduledTask task = queue.poll();
            assert task != null : "one for each count of wip";
            running = task;
            if (disposed || pool.isDead()) {
                task.dispose();
            }
            task.runOn(thread);
            running = null;
            if (WIP.decrementAndGet(this) == 0) {
                return;
            }
        } while (++ran < BATCH);
        pool.submit(this);
    }

    @Override
    public void reject(TaskRejectedException error) {
        do {
            ScheduledTask task = queue.poll();
            assert task != null : "one for each count of wip";
            task.reject(error);
        } while (WIP.decrementAndGet(this) != 0);
    }

    @Override
    public boolean bury() {
        return false;
    }

    @Override
    public void dispose() {
        disposed = true;
        delayed.dispose();
        ScheduledTask task = running;
        if (task != null) {
            task.dispose();
        }
    }

    @Override
    public boolean isDisposed() {
        return disposed || pool.isDisposed();
    }
}
