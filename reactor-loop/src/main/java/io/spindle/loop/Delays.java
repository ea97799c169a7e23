// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Node's rule for delays: whole milliseconds, at least one. */
final class Delays {

    /** Half the range of the clock, so that a sum with the present time keeps its order. */
    private static final long MAX_NANOS = Long.MAX_VALUE / 2;

    private static final long MAX_MILLIS = TimeUnit.NANOSECONDS.toMillis(MAX_NANOS);

    private static final Duration LONGEST = Duration.ofMillis(MAX_MILLIS);

    private Delays() {}

    /** A delay of the Scheduler: exact, from zero up to what the clock can tell apart. */
    static long schedulerNanos(long delay, TimeUnit unit) {
        return Math.min(MAX_NANOS, Math.max(0, unit.toNanos(delay)));
    }

    /** A duration in nanoseconds, however long it is. */
    static long saturatedNanos(Duration duration) {
        return duration.compareTo(LONGEST) >= 0 ? MAX_NANOS : duration.toNanos();
    }

    static long nodeNanos(Duration delay) {
        long millis = delay.isNegative() ? 0 : delay.compareTo(LONGEST) >= 0 ? MAX_MILLIS : delay.toMillis();
        return TimeUnit.MILLISECONDS.toNanos(Math.max(1, millis));
    }
}
