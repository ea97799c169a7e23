// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A process that was started, and our ends of its pipes; null where there is no pipe of ours. */
record Launched(
        Running process,
        @Nullable InputPipe stdin,
        @Nullable OutputPipe stdout,
        @Nullable OutputPipe stderr) {

    Stream<OutputPipe> outputs() {
        return Stream.of(stdout, stderr).filter(Objects::nonNull);
    }

    /** Kills it and gives its pipes back, before they were opened. Blocks. */
    void abandon() {
        process.killTree();
        if (stdin != null) {
            stdin.release();
        }
        outputs().forEach(OutputPipe::release);
    }
}
