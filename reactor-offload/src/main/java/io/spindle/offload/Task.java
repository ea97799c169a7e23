// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import org.jspecify.annotations.Nullable;

/**
 * Work that has a name, so that it can be done elsewhere: a {@link WorkerPool} runs it at any {@link Distance}, where a
 * lambda cannot leave its JVM. {@code pool.run(Thumbnail.class, request)}.
 *
 * <p>An implementation is a class with a constructor without parameters, neither of which need be public, on the class
 * path of both sides. Each run has an instance of its own; what is expensive to make is kept in static fields, once for
 * each JVM.
 *
 * <p>At {@link Distance#PROCESS} input and value are written and read as the types that the class declares, so they are
 * what Jackson can handle without being told: records, beans, strings, numbers, arrays, collections, times. Each may take
 * up to 16 MiB. Treat them as immutable: at {@link Distance#THREAD} they are passed by reference. The Reactor Context is
 * not there at either distance; what the task needs of it goes into the input.
 *
 * <p>Node analogue: the file with the default export that Piscina runs.
 *
 * @param <I> the type of the input
 * @param <O> the type of the value; {@code Void} if there is none
 * @since 0.1.0
 */
@FunctionalInterface
public interface Task<I, O> {

    /**
     * Does the work. Called on a thread that may block. A long computation asks {@link WorkerPool#isCancelled()} now and
     * then.
     *
     * @param input as it was given to the pool
     * @return the value; null for an empty {@code Mono}
     * @throws Exception what becomes the error of the {@code Mono}: as it is at {@link Distance#THREAD}, as a
     *     {@link TaskFailedException} at {@link Distance#PROCESS}
     */
    @Nullable
    O run(I input) throws Exception;
}
