// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;

/** Refuses, at the call, what no process could be started with. */
final class Checks {

    private Checks() {}

    /** The system's call takes strings that end at the first NUL: what follows it would silently be lost. */
    static void noNul(String name, String value) {
        int at = value.indexOf('\0');
        if (at >= 0) {
            throw new IllegalArgumentException(name + " must not contain a NUL character, has one at index " + at);
        }
    }

    static void variableName(String name) {
        noNul("name of a variable", name);
        if (name.isEmpty() || name.indexOf('=') >= 0) {
            throw new IllegalArgumentException(
                    "name of a variable must not be empty or contain '=', was '" + name + "'");
        }
    }

    static void notNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, was " + value);
        }
    }

    static void positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
    }
}
