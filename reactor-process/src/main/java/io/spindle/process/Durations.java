// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;

/** Durations as nanoseconds. */
final class Durations {

    private Durations() {}

    /** Half of the most there is, so that a time can be added: 146 years are enough for everybody. */
    static long nanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE / 2;
        }
    }
}
