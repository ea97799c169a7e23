// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user is told who is wrong, or whose primary is. */
@ExtendWith(LeakCheck.class)
class CommandsTest {

    @TempDir
    private Path temporary;

    private static String[] words(String line) {
        return line.isEmpty() ? new String[0] : line.split(" ", -1);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 'spindle: Missing required subcommand (see spindle --help)'",
        "restart, 'spindle: Unmatched argument at index 0: ''restart'' (see spindle --help)'",
        "status --jsn, 'spindle status: Unknown option: ''--jsn'' (see spindle status --help)'",
        "status --socket, 'spindle status: Missing required parameter for option ''--socket'' (PATH) (see spindle status --help)'",
        "reload now, 'spindle reload: Unmatched argument at index 1: ''now'' (see spindle reload --help)'",
        "scale, 'spindle scale: Missing required parameter: ''N'' (see spindle scale --help)'",
        "scale two, 'spindle scale: Invalid value for positional parameter at index 0 (N): ''two'' is not an int (see spindle scale --help)'",
        "scale 0, 'spindle scale: N must be at least 1, was 0 (see spindle scale --help)'",
        "top --interval 0, 'spindle top: SECONDS must be at least 1, was 0 (see spindle top --help)'",
        "logs --lines -1, 'spindle logs: N must be at least 0, was -1 (see spindle logs --help)'",
        "logs --worker 0, 'spindle logs: ID must be at least 1, was 0 (see spindle logs --help)'",
        "logs --worker me, 'spindle logs: Invalid value for option ''--worker'': ''me'' is not an int (see spindle logs --help)'"
    })
    void wrongArgumentsAreOneLineAndCodeTwo(String line, String error) {
        assertThat(Run.of(words(line))).isEqualTo(new Run(2, "", error + System.lineSeparator()));
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"ok\":false,\"error\":\"a reload is running already\"}', a reload is running already",
        "'{\"ok\":false}', 'this is not the answer of a primary: {\"ok\":false}'",
        "220 mail.example, this is not the answer of a primary: 220 mail.example",
        "'', the primary has gone without an answer"
    })
    void whatAPrimaryRefusesIsOneLineAndCodeOne(String answer, String error) throws Exception {
        try (FakePrimary primary = new FakePrimary(temporary.resolve("control"), answer)) {
            assertThat(Run.of("reload", "--socket", primary.socket().toString()))
                    .isEqualTo(new Run(1, "", "spindle reload: " + error + System.lineSeparator()));
        }
    }

    @Test
    void aPrimaryThatDoesNotAnswerIsNotWaitedForForEver() throws IOException {
        Path socket = temporary.resolve("control");
        try (ServerSocketChannel stopped =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket))) {
            assertThat(stopped.isOpen()).isTrue();

            assertThatThrownBy(() -> ControlClient.ask(socket, "status", Duration.ofMillis(100)))
                    .isInstanceOf(IOException.class)
                    .hasMessage("the primary at " + socket + " has not answered within 100 ms");
        }
    }

    @Test
    void theOnlyClusterIsFoundAmongWhatOthersHaveLeft() throws Exception {
        Path abandoned = ownDirectory("spindle-1");
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(abandoned.resolve("control")))
                .close();
        ownDirectory("spindle-2");
        Path other = ownDirectory("other");
        Path living = ownDirectory("spindle-3");

        assertThatThrownBy(() -> Target.onlyOne(temporary))
                .isInstanceOf(IOException.class)
                .hasMessage("no cluster of this user runs: no primary answers at " + temporary
                        + "/spindle-*/control; run this as the user of the cluster, or name its socket by --socket");
        try (FakePrimary first = new FakePrimary(living.resolve("control"), "");
                FakePrimary elsewhere = new FakePrimary(other.resolve("control"), "")) {
            assertThat(elsewhere.socket()).exists();
            assertThat(Target.onlyOne(temporary)).isEqualTo(first.socket());

            Path second = ownDirectory("spindle-4").resolve("control");
            try (FakePrimary another = new FakePrimary(second, "")) {
                assertThatThrownBy(() -> Target.onlyOne(temporary))
                        .isInstanceOf(IOException.class)
                        .hasMessageStartingWith("there are 2 clusters, name the socket of one by --socket: ")
                        .hasMessageContainingAll(
                                first.socket().toString(), another.socket().toString());
            }
        }
    }

    private Path ownDirectory(String name) throws IOException {
        return Files.createDirectory(
                temporary.resolve(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    @Test
    void whoListensWhereOthersMayEnterOrBehindALinkIsNotAsked() throws Exception {
        Path open = ownDirectory("spindle-1");
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path elsewhere = ownDirectory("elsewhere");
        Files.createSymbolicLink(temporary.resolve("spindle-2"), elsewhere);
        try (FakePrimary first = new FakePrimary(open.resolve("control"), "");
                FakePrimary second = new FakePrimary(elsewhere.resolve("control"), "")) {
            assertThat(temporary.resolve("spindle-2").resolve("control")).exists();

            assertThatThrownBy(() -> Target.onlyOne(temporary))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("no cluster of this user runs");

            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwx------"));
            assertThat(Target.onlyOne(temporary)).isEqualTo(first.socket()).isNotEqualTo(second.socket());
        }
    }

    @Test
    void whoAcceptsNobodyIsNotWaitedFor() throws IOException {
        Path socket = temporary.resolve("control");
        List<SocketChannel> queue = new ArrayList<>();
        try (ServerSocketChannel stopped = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            stopped.bind(UnixDomainSocketAddress.of(socket), 1);
            assertThatThrownBy(() -> {
                        while (true) {
                            SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
                            queue.add(client);
                            client.configureBlocking(false);
                            client.connect(UnixDomainSocketAddress.of(socket));
                        }
                    })
                    .isInstanceOf(IOException.class);

            assertThat(ControlClient.isAnswered(socket)).isFalse();
            assertThatThrownBy(() -> ControlClient.ask(socket, "status", Duration.ZERO))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("no primary answers at " + socket + ": ");
        } finally {
            for (SocketChannel client : queue) {
                client.close();
            }
        }
    }

    @Test
    void anAnswerBeforeAResetIsKept() throws Exception {
        try (FakePrimary primary = new FakePrimary(temporary.resolve("control"), "{\"ok\":true}\n")) {
            String longerThanIsRead = "x".repeat(2 * FakePrimary.REQUEST_BYTES);

            assertThat(ControlClient.ask(primary.socket(), longerThanIsRead, Duration.ZERO))
                    .isEqualTo("{\"ok\":true}\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"ok\":false,\"error\":\"\\u001b]0;x\\u0007\u009b1m\"}', reload, 1, 'spindle reload: ?]0;x??1m'",
        "'\u001b[2Jno JSON', reload, 1, 'spindle reload: this is not the answer of a primary: ?[2Jno JSON'",
        "'{\"ok\":true,\"status\":{\"pid\":\"\\u001b[2J\"}}', status, 0, 'cluster of process ?[2J, ?, up'",
        "'{\"ok\":true,\"status\":{\"listening\":[\"\\u001b[2J\"]}}', status, 0, 'listening on ?[2J'",
        "'{\"ok\":true,\"status\":{\"pid\":\"\u009b1m\"}}', status --json, 0, '{\"pid\":\"?1m\"}'",
        "'{\"ok\":true,\"page\":\"a{b=\\\"\\u001b[2J\\\"} 1\\n\"}', meters, 0, 'a{b=\"?[2J\"} 1'",
        "'{\"ok\":true,\"meters\":[{\"name\":\"\u009b\"}]}', meters --json, 0, '[{\"name\":\"?\"}]'"
    })
    void aTerminalIsGivenNoControlCharacters(String answer, String command, int code, String shown) throws Exception {
        try (FakePrimary primary = new FakePrimary(temporary.resolve("control"), answer)) {
            Run run = Run.of(words(command + " --socket " + primary.socket()));

            assertThat(run.code()).isEqualTo(code);
            assertThat(run.out() + run.err()).contains(shown).doesNotContain("\u001b", "\u0007", "\u009b");
        }
    }

    @Test
    void whatIsNoAnswerIsShownInPart() throws Exception {
        try (FakePrimary primary = new FakePrimary(temporary.resolve("control"), "x".repeat(1000))) {
            assertThat(Run.of("reload", "--socket", primary.socket().toString()).err())
                    .isEqualTo("spindle reload: this is not the answer of a primary: " + "x".repeat(200) + "…"
                            + System.lineSeparator());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"ok\":false,\"error\":\"there is no worker 9 now\"}', there is no worker 9 now",
        "'{\"ok\":true}', 'this is not the answer of a primary: no JSON'",
        "'', the primary has gone without an answer"
    })
    void linesThatCannotBeHadAreOneLineAndCodeOne(String answer, String error) throws Exception {
        try (FakePrimary primary = new FakePrimary(temporary.resolve("control"), answer + "\nno JSON\n")) {
            assertThat(Run.of("logs", "--socket", primary.socket().toString()))
                    .isEqualTo(new Run(1, "", "spindle logs: " + error + System.lineSeparator()));
        }
    }

    @Test
    void linesAreShownWithTheirWorkerAndWithoutControlCharacters() throws Exception {
        String answer = """
                {"ok":true,"note":"no line of theirs"}
                {"time":"now","worker":3,"source":"stdout","text":"\\tat \\u001b[1m"}
                {"missed":12}
                {"time":"now","worker":3,"source":"primary","text":"worker 3 (pid 4) started"}
                """;
        try (FakePrimary primary = new FakePrimary(temporary.resolve("control"), answer)) {
            String socket = primary.socket().toString();

            Run run = Run.of("logs", "--socket", socket);

            assertThat(run.code()).isZero();
            assertThat(run.err()).isEqualTo("spindle logs: no line of theirs" + System.lineSeparator());
            assertThat(run.out().lines())
                    .containsExactly(
                            "[worker 3] \tat ?[1m",
                            "[spindle] 12 lines are missing here: they came faster than they were read",
                            "[primary] worker 3 (pid 4) started");
            assertThat(Run.of("logs", "--json", "--socket", socket).out().lines())
                    .hasSize(3)
                    .contains("{\"missed\":12}");
        }
    }

    @Test
    void theTableIsAligned() throws Exception {
        String answer = "{\"ok\":true,\"status\":{\"pid\":1,\"state\":\"running\",\"upMillis\":3725000,\"wanted\":2,"
                + "\"listening\":[\"[::1]:80\",\"127.0.0.1:3000\"],\"forks\":4,\"deaths\":5,\"recycled\":6,"
                + "\"reloads\":7,\"failedReloads\":8,\"accepted\":9,\"requests\":10,\"connections\":11,"
                + "\"residentBytes\":104857600,\"workers\":[{\"id\":1,\"slot\":0,\"generation\":0,\"pid\":4711,"
                + "\"state\":\"ready\",\"upMillis\":61000,\"requests\":1234567890,\"connections\":2,"
                + "\"residentBytes\":83886080},{\"id\":12,\"slot\":1,\"generation\":0,\"pid\":12,\"state\":\"forked\","
                + "\"upMillis\":999,\"requests\":0,\"connections\":0,\"residentBytes\":0}]}}\n";
        try (FakePrimary primary = new FakePrimary(temporary.resolve("control"), answer)) {
            Run run = Run.of("status", "--socket", primary.socket().toString());

            assertThat(run.code()).isZero();
            assertThat(run.out().lines())
                    .containsExactly(
                            "cluster of process 1, running, up 1h 2m, 2 workers wanted, listening on [::1]:80,"
                                    + " 127.0.0.1:3000",
                            "workers started 4, died 5, recycled 6; reloads 7, failed 8",
                            "connections accepted 9, open 11; requests 10; memory 100 MiB",
                            "",
                            "WORKER  SLOT  GENERATION  PID   STATE   UP     REQUESTS    OPEN  MEMORY",
                            "1       0     0           4711  ready   1m 1s  1234567890  2     80 MiB",
                            "12      1     0           12    forked  0s     0           0     -");
        }
    }

    @Test
    void theTwoLargestUnitsOfATimeAreShown() {
        assertThat(StatusTable.up(Duration.ofDays(3).plusHours(4).plusMinutes(5)))
                .isEqualTo("3d 4h");
        assertThat(StatusTable.up(Duration.ofSeconds(59))).isEqualTo("59s");
    }
}
