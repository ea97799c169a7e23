// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;

/**
 * What code in a {@link Worker} knows about its worker. Thread-safe.
 *
 * @param <I> what it receives
 * @param <O> what it sends
 * @since 0.1.0
 */
public interface WorkerContext<I, O> {

    /** Returns the port to the one who started this worker. */
    MessagePort<O, I> parentPort();

    /**
     * Returns what {@link WorkerSpec#workerData(Object)} was given: the same object, not a copy as in Node.
     *
     * @param type of the data
     * @throws IllegalStateException if the worker was given none
     * @throws ClassCastException if it is of another type
     */
    <D> D workerData(Class<D> type);

    /** Returns the loop of this worker. */
    EventLoop loop();

    /** Returns the name of this worker and of its thread. */
    String name();

    /** Returns the number of this worker, unique in this JVM, from 1 on. */
    int threadId();

    /**
     * Ends this worker now: what was posted before still arrives, the rest of what is pending is discarded. The present
     * callback runs on to its end. Node analogue: {@code process.exit(code)} in a worker.
     *
     * @param code from 0 to 255
     */
    void exit(int code);
}
