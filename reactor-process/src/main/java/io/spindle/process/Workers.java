// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The threads on which launching and signalling block; they end when idle. */
final class Workers {

    private static final int TTL_SECONDS = 5;

    /** Starting a process is mostly work of the kernel: more threads than a few per core add nothing. */
    static final Scheduler LAUNCH = Schedulers.newBoundedElastic(
            Math.max(4, 2 * Runtime.getRuntime().availableProcessors()),
            Integer.MAX_VALUE,
            "spindle-default-process-launch",
            TTL_SECONDS,
            true);

    /** Apart from launching, so that a kill does not wait behind a thousand launches. */
    static final Scheduler SIGNAL =
            Schedulers.newBoundedElastic(4, Integer.MAX_VALUE, "spindle-default-process-signal", TTL_SECONDS, true);

    private Workers() {}
}
