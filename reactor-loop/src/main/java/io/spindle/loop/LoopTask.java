// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import reactor.core.Disposable;

/** A task of the Scheduler, posted: one small object that runs, is disposed, withdrawn or dropped, exactly once. */
class LoopTask implements Runnable, Disposable, Wrapper {

    private static final AtomicIntegerFieldUpdater<LoopTask> STATE =
            AtomicIntegerFieldUpdater.newUpdater(LoopTask.class, "state");
    private static final int WAITING = 0;
    private static final int RUNNING = 1;
    private static final int DONE = 2;

    private final Runnable task;
    private final LoopWorker worker;
    private volatile int state;

    LoopTask(Runnable task, LoopWorker worker) {
        this.task = task;
        this.worker = worker;
    }

    @Override
    public final void run() {
        if (!worker.isDisposed() && STATE.compareAndSet(this, WAITING, RUNNING)) {
            try {
                task.run();
            } finally {
                STATE.lazySet(this, DONE);
            }
        } else if (state == WAITING && !worker.wasDisposed()) { // the loop ends
            dropped();
        }
    }

    /** The loop ends and does not run it. Loop only. */
    void dropped() {
        worker.loop().nettyLoop().discarded();
    }

    @Override
    public final Object wrapped() {
        return task;
    }

    /** Takes the task back: false if it runs, has run or was disposed. */
    final boolean withdraw() {
        return STATE.compareAndSet(this, WAITING, DONE);
    }

    @Override
    public final void dispose() {
        STATE.set(this, DONE);
    }

    @Override
    public final boolean isDisposed() {
        return state == DONE || (state == WAITING && worker.isDisposed());
    }
}
