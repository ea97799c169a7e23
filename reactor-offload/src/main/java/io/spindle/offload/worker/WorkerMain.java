// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

/**
 * What a {@link Worker} runs: the script of Node's {@code new Worker(script)}.
 *
 * @param <I> what it receives
 * @param <O> what it sends
 * @since 0.1.0
 */
@FunctionalInterface
public interface WorkerMain<I, O> {

    /**
     * Called once, on the worker's loop. When it has returned the worker lives on while its loop has something to do:
     * timers, adopted publishers, or a subscription to {@code parentPort().messages()}.
     *
     * @param context of this worker
     * @throws Exception ends the worker with that error and exit code 1
     */
    void start(WorkerContext<I, O> context) throws Exception;
}
