// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

/** What waits in the queue of a pool for one of its threads. */
interface Work {

    /** Runs on the thread that took it out of the queue. Must not throw. */
    void runOn(PoolThread thread);

    /** Called if no thread will ever run it. Must not throw. */
    void reject(TaskRejectedException error);

    /** Which level of the queue it waits at: 0 is the highest. */
    default int priority() {
        return TaskOptions.Priority.NORMAL.level;
    }

    /** Returns whether it was cancelled and may leave the queue, once: to the one who takes it out. */
    boolean bury();
}
