// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/** Shows arguments as one would type them into a shell; for people, never for a shell. */
final class Quoting {

    private static final String PLAIN = "-_./:=,+%@";

    private Quoting() {}

    static String quoted(String argument) {
        boolean plain = !argument.isEmpty()
                && argument.chars().allMatch(c -> Character.isLetterOrDigit(c) || PLAIN.indexOf(c) >= 0);
        return plain ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }
}
