// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The bounds of properties, checked when they are bound. */
final class Rules {

    private Rules() {}

    static void atLeast(String property, long least, @Nullable Number value) {
        if (value != null && value.longValue() < least) {
            throw new WrongPropertyException(property, value, "must be at least " + least);
        }
    }

    static void notNegative(String property, Duration value) {
        if (value.isNegative()) {
            throw new WrongPropertyException(property, text(value), "must not be negative");
        }
    }

    static void notLess(String property, Duration least, Duration value) {
        if (value.compareTo(least) < 0) {
            throw new WrongPropertyException(property, text(value), "must not be less than " + text(least));
        }
    }

    /** As one writes it in a properties file. */
    private static String text(Duration value) {
        return value.toNanos() % 1_000_000 == 0 ? value.toMillis() + "ms" : value.toNanos() + "ns";
    }
}
