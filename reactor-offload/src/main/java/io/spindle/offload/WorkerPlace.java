// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Where one worker of a {@link WorkerPool} runs its tasks, if not on its own thread: another JVM, for example. Each
 * thread of the pool opens a place before its first task, uses it for one task at a time and closes it when it ends;
 * queueing, order, limits and metrics stay with the pool.
 *
 * @since 0.1.0
 */
public interface WorkerPlace extends AutoCloseable {

    /**
     * Runs a task and waits for its value. Called on the worker's thread, which is interrupted when the task is to be
     * stopped: then the place must give the task up and return or throw soon.
     *
     * @param task as it was given to the pool
     * @return the task's value, which may be null
     * @throws Exception what the task threw, or what became of the place
     */
    <T> @Nullable T run(Callable<? extends @Nullable T> task) throws Exception;

    /** Returns whether it can run another task; if not, it is closed and the next task gets a new place. */
    boolean isUsable();

    /** Ends the place. Called once, on the worker's thread. Must not throw. */
    @Override
    void close();
}
