// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class ParallelChecksumTest {

    private static final int CHILDREN = 1000;

    private final Terminal terminal = new Terminal();

    @AfterEach
    void release() {
        terminal.close();
    }

    @Test
    void aThousandChildrenSumAThousandFilesAFewAtATime(@TempDir Path folder) throws Exception {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < CHILDREN; i++) {
            Path file = Files.createDirectories(folder.resolve("d" + i % 10)).resolve("-file " + i);
            expected.add(sha256(Files.writeString(file, "content " + i)) + "  " + file);
        }

        int code = terminal.run("parallel-checksum", "--at-a-time", "4", folder.toString());

        assertThat(terminal.errors()).containsExactly("1000 files, 0 failed, never more than 4 children at a time");
        assertThat(code).isZero();
        assertThat(terminal.lines()).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void aFileThatCannotBeReadIsToldAndTheOthersAreSummed(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "x\n");

        int code = terminal.run(
                "parallel-checksum", "--program", "cat", "--at-a-time", "1", "/proc/self/mem", file.toString());

        assertThat(code).isEqualTo(1);
        assertThat(terminal.errors()).hasSize(2);
        assertThat(terminal.errors().get(0)).contains("/proc/self/mem");
        assertThat(terminal.errors().get(1)).isEqualTo("2 files, 1 failed, never more than 1 children at a time");
        assertThat(terminal.lines()).containsExactly("x");
    }

    @Test
    void aMissingProgramIsOneLineAndCodeOne() {
        assertThat(terminal.run("parallel-checksum", "--program", "no-such-sum", "pom.xml"))
                .isEqualTo(1);
        assertThat(terminal.errors())
                .containsExactly(
                        "parallel-checksum: program not found: no-such-sum (looked for on the PATH of this JVM)");
    }

    private static String sha256(Path file) throws IOException, NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
