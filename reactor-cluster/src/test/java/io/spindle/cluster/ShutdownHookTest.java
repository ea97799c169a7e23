// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class ShutdownHookTest {

    @TempDir
    private File temporary;

    @Test
    void aClusterThatStartsWhenItsJvmEndsIsRefusedAndLeavesNothing() throws Exception {
        try (Program program = Program.start(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + temporary,
                "-Dlogback.configurationFile=quiet.xml",
                "-cp",
                System.getProperty("java.class.path"),
                LateStart.class.getName()))) {
            assertThat(program.await(Pattern.compile("^(?:started|failed: .*)$"), 1))
                    .containsExactly("failed: the cluster cannot start: this JVM is shutting down");
            assertThat(program.awaitEnd()).isZero();
            assertThat(temporary.list((directory, name) -> name.startsWith("spindle")))
                    .isEmpty();
        }
    }
}
