// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.process.Command;
import java.util.List;

/**
 * Describes child processes with the time-outs and limits of {@code spindle.process.*}; each {@link Command} may be
 * changed further. Thread-safe. A bean of this type replaces the auto-configured one, which a test can use to answer with
 * the commands of {@link io.spindle.process.FakePrograms}.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Commands {

    /**
     * Describes a program and its arguments, as {@link Command#of(List)} does.
     *
     * @param line the program, then its arguments; not empty
     * @throws IllegalArgumentException if the program is missing or empty or anything contains a NUL character
     */
    Command of(List<String> line);

    /**
     * Describes a program and its arguments, as {@link Command#of(String, String...)} does.
     *
     * @param program a name to be found on the path, or a path; not empty
     * @param args handed over as they are
     */
    default Command of(String program, String... args) {
        return of(List.of(program)).args(args);
    }
}
