// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;
import java.util.Objects;

/**
 * What a finished program wrote and how it ended.
 *
 * @param stdout what it wrote to its standard output, decoded; empty if that went elsewhere
 * @param stderr what it wrote to its standard error, decoded; empty if that went elsewhere or into stdout
 * @param status how it ended
 * @param duration from its start to the end of the process and of its output
 * @since 0.1.0
 */
public record ExecResult(String stdout, String stderr, ExitStatus status, Duration duration) {

    /** Checks that nothing is null. */
    public ExecResult {
        Objects.requireNonNull(stdout, "stdout");
        Objects.requireNonNull(stderr, "stderr");
        Objects.requireNonNull(status, "status");
        Objects.requireNonNull(duration, "duration");
    }
}
