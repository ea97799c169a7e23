// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.function.Predicate;

/** Where a pool's work waits and runs: its own threads, or those of another pool. */
interface Engine {

    /** Queues {@code work}, without a bound, and sees to it that a thread runs it. */
    void submit(Work work);

    /** Whether a thread could take on work at once. */
    boolean hasSpare();

    /** Whether that thread runs this engine's work. */
    boolean owns(PoolThread thread);

    /**
     * Runs {@code work} on {@code thread}, which is the caller's, if that is one of this engine's and no other would
     * take it: else the caller might wait for ever. False if it is to be queued.
     */
    boolean runInPlace(PoolThread thread, Runnable work);

    /** Takes the work that matches out of the queue. */
    void removeIf(Predicate<Work> filter);

    /** Rejects everything that is queued. */
    void rejectQueued(TaskRejectedException error);

    /** No new work comes: threads end when there is none left. */
    void close();

    /** Interrupts what runs. */
    void interrupt();

    /** Whether it is closed and nothing waits or runs any more. */
    boolean isTerminated();

    /** How many threads are alive or occupied. */
    int threads();
}
