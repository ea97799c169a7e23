// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.function.Function;

/**
 * Where the workers of pools are at some {@link Distance}: found by {@link java.util.ServiceLoader} when a pool of that
 * distance is started. An implementation is public and has a public constructor without parameters.
 *
 * @since 0.1.0
 */
public interface WorkerPlaceProvider {

    /** Returns the distance that it serves. */
    Distance distance();

    /**
     * Makes the places of one pool. Called once, when that is started; starts nothing itself.
     *
     * @param spec of the pool
     * @return opens a place for the worker of that name, as for {@link WorkerPoolSpec#places(Function)}
     * @throws IllegalArgumentException if the description asks for what it cannot do
     * @throws UnsupportedOperationException if it cannot work on this system
     */
    Function<String, WorkerPlace> places(WorkerPoolSpec spec);
}
