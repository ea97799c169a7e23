// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.File;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Refuses, at the call, what no process could be started with. */
final class Checks {

    private static final Pattern BATCH_SPECIAL = Pattern.compile("[\"%!^&|<>\r\n]");

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

    /** Windows gives the arguments of a batch file to a shell, whose rules for quoting nobody can satisfy. */
    static void batchFile(List<String> line) {
        if (File.separatorChar == '\\') {
            batchFileOnWindows(line);
        }
    }

    static void batchFileOnWindows(List<String> line) {
        String program = line.get(0).toLowerCase(Locale.ROOT);
        if (!program.endsWith(".bat") && !program.endsWith(".cmd")) {
            return;
        }
        for (int i = 1; i < line.size(); i++) {
            Matcher special = BATCH_SPECIAL.matcher(line.get(i));
            if (special.find()) { // it may be secret: what is told is where
                throw new IllegalArgumentException("argument of a batch file must not contain any of \"%!^&|<> and line"
                        + " ends, which its shell would interpret: argument " + i + " has one at index "
                        + special.start());
            }
        }
    }

    static void notNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, was " + value);
        }
    }

    static void positive(String name, Duration value) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
    }

    static void positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
    }
}
