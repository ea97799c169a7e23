// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.offload.TaskRejectedException.Reason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** A task of the Scheduler, alone or of a worker. */
final class ScheduledTask extends PoolTask {

    private static final Logger log = LoggerFactory.getLogger(BlockingPool.class);

    private final Runnable task;
    private final @Nullable PoolWorker worker;

    ScheduledTask(DefaultBlockingPool pool, Runnable task, @Nullable PoolWorker worker) {
        super(pool, TaskOptions.defaults());
        this.task = task;
        this.worker = worker;
    }

    @Override
    public void run() {
        try {
            task.run();
        } catch (Throwable error) {
            if (state == RUNNING) { // else it was interrupted, and this may be how it says so
                log.error("[{}] a task threw, the pool goes on", pool.name(), error);
            }
        } finally {
            finish();
        }
    }

    @Override
    void refused(TaskRejectedException error) {
        if (error.reason() != Reason.DISPOSED) {
            Operators.onErrorDropped(error, Context.empty());
        }
    }

    /** A worker's task keeps its room until the worker comes to it: so the worker's queue is bounded too. */
    @Override
    void abandoned() {
        if (worker == null) {
            super.abandoned();
        }
    }

    @Override
    public boolean bury() {
        if (worker == null) {
            return super.bury();
        }
        if (STATE.compareAndSet(this, CANCELLED, BURIED)) {
            pool.release();
            return true;
        }
        return false;
    }
}
