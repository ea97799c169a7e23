// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the commands print and how they exit; the tour, with the cluster, is run by CI from the jar. */
@ExtendWith(LeakCheck.class)
class CommandsTest {

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream complained = new ByteArrayOutputStream();

    @BeforeEach
    void capture() {
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void release() {
        System.setOut(out);
        System.setErr(err);
    }

    private static int run(String... command) {
        return Main.commandLine().execute(command);
    }

    @Test
    void readFilePrintsItsThreeLinesInThatOrderEveryTime() {
        for (int i = 0; i < 200; i++) {
            printed.reset();
            assertThat(run("read-file", "pom.xml")).isZero();
            assertThat(printed.toString(StandardCharsets.UTF_8)).isEqualTo("Start\nEnd\nFile read\n");
        }
    }

    @Test
    void readFileOfAMissingFileSaysSoAndFails() {
        assertThat(run("read-file", "no/such/file")).isEqualTo(1);
        assertThat(complained.toString(StandardCharsets.UTF_8))
                .isEqualTo("read-file: ENOENT: no such file or directory, read 'no/such/file'\n");
    }

    @Test
    void fibonacciOfFortyIsTheArticles() {
        assertThat(run("worker-fibonacci")).isZero();
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEqualTo("165580141\n");
    }

    @Test
    void theLoopTicksWhileTheWorkerComputes() {
        assertThat(run("worker-fibonacci", "--ticks", "42")).isZero();
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .matches("433494437\nthe loop ticked [1-9]\\d* times meanwhile, every 20 ms\n");
    }

    @Test
    void execLsPrintsTheListing() {
        assertThat(run("exec-ls")).isZero();
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("pom.xml");
    }

    @Test
    void execLsKeepsTheOrderOfItsArguments() {
        assertThat(run("exec-ls", ".", "-I", "target")).isZero();
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("pom.xml").doesNotContain("target");
    }

    @Test
    void aFailingLsPrintsItsErrorsAndExitsWithItsCode() {
        assertThat(run("exec-ls", "/no/such/folder")).isEqualTo(2);
        assertThat(run("exec-ls", "@pom.xml")).as("not a file of arguments").isEqualTo(2);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("/no/such/folder", "'@pom.xml'");
    }

    @Test
    void theSixTasksOfThePoolOverlap() {
        assertThat(run("thread-pool")).isZero();
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("readFile: ", "pbkdf2 1: ", "pbkdf2 4: ", "dns.lookup localhost: ")
                .containsPattern("they overlapped, [1-9].\\d at a time");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense: Unmatched argument",
                "worker-fibonacci 61: N must be from 0 to 60, was 61",
                "worker-fibonacci x: 'x' is not an int",
                "cluster-hello --port 70000: --port must be from 0 to 65535, was 70000",
                "cluster-hello --workers 0: --workers must be at least 1, was 0",
                "git-log --port -1: --port must be from 0 to 65535, was -1",
                "git-log no/such/folder: DIR must be a directory, was 'no/such/folder'",
                "git-log /: git-log: fatal: not a git repository",
                "parallel-checksum --at-a-time 0: --at-a-time must be at least 1, was 0",
                "parallel-checksum --program=: --program must not be empty, was ''",
                "parallel-checksum pom.xml no/such/file: PATH must exist, was 'no/such/file'"
            })
    void wrongArgumentsGetOneLineAndCodeTwo(String lineAndComplaint) {
        String[] parts = lineAndComplaint.split(": ", 2);

        assertThat(run(parts[0].split(" ", -1))).isEqualTo(2);
        assertThat(complained.toString(StandardCharsets.UTF_8))
                .contains(parts[1])
                .hasLineCount(1);
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
    }
}
