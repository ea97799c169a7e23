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
 * @param isTruncated whether it wrote more than one of the two texts holds, because of a limit: after {@link Command#exec()}
 *     that of {@link LongOutput}, else that of the 64 KiB that are kept of stderr. Not the cut of {@link LongLine}. Node
 *     analogue: none, there it is an error; execa's {@code isMaxBuffer}
 * @param isInputCut whether it ended, or closed its stdin, before it was given the end of an {@link Input} of ours: what was
 *     left has been dropped. Of a pipeline only the first stage has such. Node analogue: {@code EPIPE} of {@code stdin}
 * @since 0.1.0
 */
public record ExecResult(
        String stdout, String stderr, ExitStatus status, Duration duration, boolean isTruncated, boolean isInputCut) {

    /** Checks that nothing is null. */
    public ExecResult {
        Objects.requireNonNull(stdout, "stdout");
        Objects.requireNonNull(stderr, "stderr");
        Objects.requireNonNull(status, "status");
        Objects.requireNonNull(duration, "duration");
    }

    /**
     * Describes a result of which nothing was left out, of a program that was given all its input.
     *
     * @param stdout what it wrote to its standard output
     * @param stderr what it wrote to its standard error
     * @param status how it ended
     * @param duration from its start to the end
     */
    public ExecResult(String stdout, String stderr, ExitStatus status, Duration duration) {
        this(stdout, stderr, status, duration, false, false);
    }
}
