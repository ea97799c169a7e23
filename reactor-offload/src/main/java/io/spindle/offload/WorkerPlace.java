// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Where one worker of a {@link WorkerPool} runs its tasks, if not on its own thread: another JVM, for example. Each
 * thread of the pool opens a place, before its first task or, if it is one of those that stay, when it has nothing to
 * do; it uses the place for one task at a time and closes it when it ends. Queueing, order, limits and metrics stay with
 * the pool.
 *
 * @since 0.1.0
 */
public interface WorkerPlace extends AutoCloseable {

    /**
     * Runs a task and waits for its value. Called on the worker's thread.
     *
     * <p>A task that is to be stopped is first asked: {@code stop} completes. If it has not returned when the pool's
     * {@link WorkerPoolSpec#grace(java.time.Duration)} is over, the thread is interrupted: then the place must give the
     * task up and return or throw soon. When the pool is disposed it is interrupted without being asked.
     *
     * @param task as it was given to the pool, a {@link TaskCall} if that was a {@link Task}
     * @param stop completes if the task is to be stopped, on any thread, which must not be held up, and perhaps after
     *     this method has returned; else never
     * @return the task's value, which may be null
     * @throws WorkerLostException if the place has ended before the task did, and not because the task was to be
     *     stopped: then {@link #isUsable()} is false, and the task may be run again at another place
     * @throws Exception what the task threw
     */
    <T> @Nullable T run(Callable<? extends @Nullable T> task, Mono<Void> stop) throws Exception;

    /** Returns whether it can run another task; if not, it is closed and the next task gets a new place. */
    boolean isUsable();

    /** Ends the place and waits for its end. Called once, on the worker's thread. Must not throw. */
    @Override
    void close();
}
