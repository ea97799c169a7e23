// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A worker is a flag that its posted tasks check when they run, and a list of its delayed tasks. The one queue of the
 * loop keeps them in order.
 */
final class LoopWorker implements Scheduler.Worker {

    private final DefaultEventLoop loop;
    private volatile boolean disposed;

    /** The delayed tasks that wait: a ring around this one, so that disposing unlinks them. Loop only. */
    private final DelayedTask delayed = DelayedTask.once(() -> {}, this);

    /** Made when the loop had begun to end gracefully: what it is asked to do is new work from outside. */
    private final boolean late;

    LoopWorker(DefaultEventLoop loop, boolean late) {
        this.loop = loop;
        this.late = late;
    }

    DefaultEventLoop loop() {
        return loop;
    }

    @Override
    public Disposable schedule(Runnable task) {
        if (disposed || late) {
            throw Exceptions.failWithRejected();
        }
        LoopTask posted = new LoopTask(Schedulers.onSchedule(task), this);
        loop.post(posted);
        return posted;
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        if (delay <= 0) {
            return schedule(task);
        }
        return arm(DelayedTask.once(Schedulers.onSchedule(task), this), Delays.schedulerNanos(delay, unit));
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        if (loop.isDisposing() && !loop.isInExitHook()) {
            throw Exceptions.failWithRejected(); // nothing that repeats begins while the loop ends
        }
        long periodNanos = Math.max(1, Delays.schedulerNanos(period, unit));
        return arm(
                DelayedTask.periodic(Schedulers.onSchedule(task), this, periodNanos),
                Delays.schedulerNanos(initialDelay, unit));
    }

    private Disposable arm(DelayedTask task, long delayNanos) {
        if (disposed || late || (loop.isDiscarding() && !loop.isInExitHook())) {
            throw Exceptions.failWithRejected();
        }
        long startNanos = System.nanoTime();
        if (loop.inLoop()) {
            task.arm(delayNanos, startNanos);
        } else {
            loop.postOrReject(() -> task.arm(delayNanos, startNanos));
        }
        return task;
    }

    // loop only
    void add(DelayedTask task) {
        task.previousOfWorker = delayed.previousOfWorker;
        task.nextOfWorker = delayed;
        delayed.previousOfWorker.nextOfWorker = task;
        delayed.previousOfWorker = task;
    }

    // loop only
    void remove(DelayedTask task) {
        task.previousOfWorker.nextOfWorker = task.nextOfWorker;
        task.nextOfWorker.previousOfWorker = task.previousOfWorker;
        task.previousOfWorker = task;
        task.nextOfWorker = task;
    }

    @Override
    public void dispose() {
        if (!disposed) {
            disposed = true;
            loop.onLoop(this::cancelDelayed);
        }
    }

    private void cancelDelayed() {
        while (delayed.nextOfWorker != delayed) {
            delayed.nextOfWorker.cancel();
        }
    }

    /** Whether its user has disposed of it, the end of the loop apart. */
    boolean wasDisposed() {
        return disposed;
    }

    @Override
    public boolean isDisposed() {
        return disposed || late || loop.isDiscarding();
    }
}
