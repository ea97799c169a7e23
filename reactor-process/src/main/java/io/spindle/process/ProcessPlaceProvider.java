// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.offload.Distance;
import io.spindle.offload.WorkerPlace;
import io.spindle.offload.WorkerPlaceProvider;
import io.spindle.offload.WorkerPoolSpec;
import java.util.function.Function;

/**
 * Runs the tasks of a {@link io.spindle.offload.WorkerPool} in JVMs of their own: what makes
 * {@link Distance#PROCESS} work. Nobody names it; it is found by {@link java.util.ServiceLoader}.
 *
 * @since 0.1.0
 */
public final class ProcessPlaceProvider implements WorkerPlaceProvider {

    /** For the service loader. */
    public ProcessPlaceProvider() {}

    @Override
    public Distance distance() {
        return Distance.PROCESS;
    }

    @Override
    public Function<String, WorkerPlace> places(WorkerPoolSpec spec) {
        return new ProcessPlaces(spec);
    }
}
