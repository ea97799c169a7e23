// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.process.Command;
import io.spindle.process.ExecResult;
import io.spindle.process.Output;
import io.spindle.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The program as its user starts it, when its output cannot be written. */
@ExtendWith(LeakCheck.class)
class MainTest {

    private static final Duration PATIENCE = Duration.ofSeconds(50);
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    @Test
    void aFullDiskIsToldAndFails() {
        ExecResult result = Command.of(JAVA, "-cp", CLASS_PATH, Main.class.getName(), "read-file", "pom.xml")
                .stdout(Output.file(Path.of("/dev/full")))
                .exitCodes(1)
                .exec()
                .block(PATIENCE);

        assertThat(result).isNotNull();
        assertThat(result.stderr())
                .endsWith("spindle-examples: the output could not be written\n"); // warnings of newer JVMs
    }

    @Test
    void aClusterEndsWhenNobodyReadsWhatItPrints() {
        String script = "\"$1\" -cp \"$2\" \"$3\" cluster-hello --port 0 --workers 2 | head -n 1";
        ExecResult result = Command.of("bash", "-c", "set -o pipefail; " + script, "bash", JAVA, CLASS_PATH)
                .args(Main.class.getName())
                .exitCodes(1)
                .exec()
                .block(PATIENCE);

        assertThat(result).isNotNull();
        assertThat(result.stdout()).matches("Primary process with ID:\\d+ is running\n");
    }
}
