// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

/**
 * How far away a {@link WorkerPool} runs the tasks of its {@code run} and {@code map}. A {@link Task} runs at each of
 * them unchanged: {@link WorkerPoolSpec#distance(Distance)} is the one line that moves it.
 *
 * @since 0.1.0
 */
public enum Distance {
    /** On the threads of the pool, in this JVM. Inputs and values pass by reference. The default. */
    THREAD,

    /**
     * In a JVM for each thread of the pool, which waits for it meanwhile: what a task does to its JVM (running out of
     * memory, exiting, crashing) ends that task alone, with {@link WorkerLostException}. Only a {@link Task} can go
     * there; its input and value are copied. Needs the module {@code reactor-process}, and Linux.
     */
    PROCESS
}
