// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.time.Duration;

/** Durations as nanoseconds: 292 years at most. */
final class Durations {

    private Durations() {}

    static long nanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }
}
