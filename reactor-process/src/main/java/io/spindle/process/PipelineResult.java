// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;
import java.util.List;

/**
 * What the programs of a finished {@link Pipeline} wrote and how each ended.
 *
 * @param stages a result for each stage, the first one first; not empty. Only the last has text of stdout
 * @since 0.1.0
 */
public record PipelineResult(List<ExecResult> stages) {

    /** Copies the list. */
    public PipelineResult {
        stages = List.copyOf(stages);
        if (stages.isEmpty()) {
            throw new IllegalArgumentException("stages must not be empty, was " + stages);
        }
    }

    private ExecResult last() {
        return stages.get(stages.size() - 1);
    }

    /** Returns what the last stage wrote to its standard output, decoded; empty if that went elsewhere. */
    public String stdout() {
        return last().stdout();
    }

    /** Returns how the last stage ended. */
    public ExitStatus status() {
        return last().status();
    }

    /** Returns the time from the start to the end of the stage that took longest. */
    public Duration duration() {
        return stages.stream().map(ExecResult::duration).reduce(Duration.ZERO, (a, b) -> a.compareTo(b) > 0 ? a : b);
    }
}
