// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import reactor.core.Disposable;

/**
 * A delayed or periodic task of the Scheduler. A period is a fixed rate as in Reactor's own schedulers, except that
 * after a stall the missed runs are made up for by one run, not by a burst.
 */
final class DelayedTask extends TimerEntry implements Disposable, Wrapper {

    private static final long ONCE = -1;

    private final Runnable task;
    private final LoopWorker worker;
    private final long periodNanos;
    private volatile boolean done;
    private long dueNanos;

    /** The neighbours among the delayed tasks of the worker. Loop only. */
    DelayedTask previousOfWorker = this;

    DelayedTask nextOfWorker = this;

    private DelayedTask(Runnable task, LoopWorker worker, long periodNanos) {
        this.task = task;
        this.worker = worker;
        this.periodNanos = periodNanos;
    }

    static DelayedTask once(Runnable task, LoopWorker worker) {
        return new DelayedTask(task, worker, ONCE);
    }

    static DelayedTask periodic(Runnable task, LoopWorker worker, long periodNanos) {
        return new DelayedTask(task, worker, periodNanos);
    }

    // loop only
    void arm(long delayNanos, long startNanos) {
        if (repeats() && worker.loop().isDisposing()) {
            stopped();
        }
        if (!isDisposed()) {
            dueNanos = startNanos + delayNanos;
            timers().link(this, delayNanos, startNanos);
            worker.add(this);
        }
    }

    @Override
    public void run() {
        if (isDisposed()) {
            return;
        }
        if (periodNanos == ONCE) {
            worker.remove(this);
            try {
                task.run();
            } finally {
                done = true;
            }
            return;
        }
        long now = System.nanoTime();
        long onTime = dueNanos + periodNanos;
        dueNanos = onTime - now >= 0 ? onTime : now + periodNanos; // this run makes up for all that were missed
        try {
            task.run();
        } finally {
            rearm();
        }
    }

    private void rearm() {
        if (isDisposed() || worker.loop().isDisposing()) {
            cancel();
            return;
        }
        timers().link(this, periodNanos, dueNanos - periodNanos);
    }

    @Override
    boolean repeats() {
        return periodNanos != ONCE;
    }

    @Override
    void stopped() {
        done = true;
        worker.remove(this);
    }

    @Override
    public Object wrapped() {
        return task;
    }

    @Override
    public void dispose() {
        if (!done) {
            done = true;
            worker.loop().onLoop(this::cancel);
        }
    }

    // loop only
    void cancel() {
        timers().unlink(this);
        stopped();
    }

    @Override
    public boolean isDisposed() {
        return done || worker.isDisposed();
    }

    private TimerLists timers() {
        return worker.loop().nettyLoop().timers();
    }
}
