// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.time.Duration;

/** Durations as nanoseconds: 292 years at most. */
final class Durations {

    private Durations() {}

    static long positiveNanos(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + " must be more than zero, was " + duration);
        }
        return nanos(duration);
    }

    static Duration checkNotNegative(String name, Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, was " + duration);
        }
        return duration;
    }

    static long nanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }
}
