// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Node's rule for delays: whole milliseconds, at least one. */
final class Delays {

    /** Half the range of the clock, so that a sum with the present time keeps its order. */
    private static final long MAX_MILLIS = TimeUnit.NANOSECONDS.toMillis(Long.MAX_VALUE / 2);

    private static final Duration LONGEST = Duration.ofMillis(MAX_MILLIS);

    private Delays() {}

    static long nodeNanos(Duration delay) {
        long millis = delay.compareTo(LONGEST) >= 0 ? MAX_MILLIS : delay.toMillis();
        return TimeUnit.MILLISECONDS.toNanos(Math.max(1, millis));
    }
}
