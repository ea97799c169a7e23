// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import reactor.core.Disposable;

/** A task of the Scheduler, posted: one small object that runs, is disposed or is rejected, exactly once. */
final class LoopTask implements Runnable, Disposable {

    private static final AtomicIntegerFieldUpdater<LoopTask> STATE =
            AtomicIntegerFieldUpdater.newUpdater(LoopTask.class, "state");
    private static final int WAITING = 0;
    private static final int DONE = 1;

    private final Runnable task;
    private final LoopWorker worker;
    private volatile int state;

    LoopTask(Runnable task, LoopWorker worker) {
        this.task = task;
        this.worker = worker;
    }

    @Override
    public void run() {
        if (!worker.isDisposed() && STATE.compareAndSet(this, WAITING, DONE)) {
            task.run();
        }
    }

    /** Takes the task back: false if it has run or was disposed. */
    boolean withdraw() {
        return STATE.compareAndSet(this, WAITING, DONE);
    }

    @Override
    public void dispose() {
        STATE.compareAndSet(this, WAITING, DONE);
    }

    @Override
    public boolean isDisposed() {
        return state == DONE || worker.isDisposed();
    }
}
