// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

/**
 * One task of a pool: what is common to all is how it waits, runs, is cancelled or refused, each at most once.
 *
 * <pre>
 *   NEW → WAITING → RUNNING → DONE → DELIVERED
 *                      ↳ INTERRUPTING → INTERRUPTED     stopped while it ran: its outcome is not delivered
 *     ↳ BURIED  ↳ CANCELLED → BURIED                    stopped before; BURIED when it has left the queue
 * </pre>
 */
abstract class PoolTask implements Work, Runnable, Disposable {

    static final AtomicIntegerFieldUpdater<PoolTask> STATE =
            AtomicIntegerFieldUpdater.newUpdater(PoolTask.class, "state");
    static final int NEW = 0;
    static final int WAITING = 1;
    static final int RUNNING = 2;
    static final int INTERRUPTING = 3;
    static final int INTERRUPTED = 4;
    static final int DONE = 5;
    static final int DELIVERED = 6;
    static final int CANCELLED = 7;
    static final int BURIED = 8;

    final DefaultBlockingPool pool;
    volatile int state;
    private @Nullable Thread runner; // written before RUNNING, read after it
    private @Nullable Runnable decorated;

    PoolTask(DefaultBlockingPool pool) {
        this.pool = pool;
    }

    /** Does the work and says so: {@link #finish()} after the user's code. Catches everything it throws. */
    @Override
    public abstract void run();

    /** Called if the pool refuses it, instead of running it. */
    abstract void refused(TaskRejectedException error);

    /** From new to waiting: false if it was cancelled or is on its way already. */
    final boolean enqueue() {
        Runnable hooked = Schedulers.onSchedule(this);
        if (!hooked.equals(this)) {
            decorated = hooked;
        }
        return STATE.compareAndSet(this, NEW, WAITING);
    }

    @Override
    public final void runOn(PoolThread thread) {
        runner = thread;
        if (!STATE.compareAndSet(this, WAITING, RUNNING)) {
            bury();
            return;
        }
        pool.taskStarted();
        try {
            Runnable hooked = decorated;
            if (hooked == null) {
                run();
            } else {
                hooked.run();
            }
        } finally {
            pool.taskEnded();
        }
    }

    /** Called on the running thread after the user's code. False if it was stopped: the outcome is to be dropped. */
    final boolean finish() {
        pool.taskCompleted();
        if (STATE.compareAndSet(this, RUNNING, DONE)) {
            return true;
        }
        while (state == INTERRUPTING) {
            Thread.onSpinWait();
        }
        Thread.interrupted(); // it was meant for this task, not for the next
        return false;
    }

    @Override
    public final void reject(TaskRejectedException error) {
        if (STATE.compareAndSet(this, WAITING, DONE)) {
            pool.release();
            pool.taskRejected();
            refused(error);
        } else {
            bury();
        }
    }

    /** The pool did not take it. */
    final void refuse(TaskRejectedException error) {
        if (STATE.compareAndSet(this, NEW, DONE)) {
            refused(error);
        }
    }

    /** Stops it wherever it is: true if its outcome will never be delivered because of this call. */
    final boolean stop() {
        return stopWaiting() || interrupt();
    }

    /** Stops it if it has not started: true if it will never run because of this call. */
    final boolean stopWaiting() {
        if (STATE.compareAndSet(this, NEW, BURIED)) {
            return true;
        }
        if (STATE.compareAndSet(this, WAITING, CANCELLED)) {
            abandoned();
            return true;
        }
        return false;
    }

    /** Interrupts the user's code if it runs: true for one caller, which then owns the outcome. */
    final boolean interrupt() {
        if (!STATE.compareAndSet(this, RUNNING, INTERRUPTING)) {
            return false;
        }
        Thread thread = runner;
        try {
            if (thread != null && thread != Thread.currentThread()) {
                thread.interrupt();
            }
        } finally {
            state = INTERRUPTED;
        }
        return true;
    }

    /** Called when it was cancelled while it waits in the pool's queue. */
    void abandoned() {
        pool.taskAbandoned();
    }

    @Override
    public boolean bury() {
        if (STATE.compareAndSet(this, CANCELLED, BURIED)) {
            pool.taskBuried();
            return true;
        }
        return false;
    }

    @Override
    public void dispose() {
        stop();
    }

    @Override
    public final boolean isDisposed() {
        return state >= INTERRUPTING;
    }
}
