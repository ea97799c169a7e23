// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.cluster.RecentLines.Source;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The request {@code logs} on a control socket. */
@ExtendWith(LeakCheck.class)
class AdminLogsTest {

    private static final String HEAD = "{\"ok\":true,\"note\":\"\"}";
    private static final int MANY = 5000;
    private static final Duration SHORT = Duration.ofSeconds(3);

    private final EventLoop loop = EventLoopSpec.of("admin").start();
    private final RecentLines recent = new RecentLines();
    private final Primary nobody = (Primary) Proxy.newProxyInstance(
            Primary.class.getClassLoader(), new Class<?>[] {Primary.class}, (proxy, method, arguments) -> {
                throw new AssertionError(method);
            });

    @TempDir
    private Path directory;

    private Path path;
    private AdminSocket socket;

    @BeforeEach
    void start() {
        path = directory.resolve("control");
        AdminCommands commands = new AdminCommands(nobody, AdminLogsTest::status, recent);
        socket = Objects.requireNonNull(Mono.fromCallable(() -> AdminSocket.open(loop, path, commands, SHORT))
                .subscribeOn(loop)
                .block(Probe.PATIENCE));
        recent.seesOutput();
    }

    private static AdminStatus status() {
        AdminStatus.Worker worker = new AdminStatus.Worker(3, 0, 0, 13, "ready", 14, 15, 16, 17, 18, 22, 23);
        return new AdminStatus(1, "running", 2, 3, List.of(), 4, 5, 6, 7, 8, 9, 19, 20, 21, List.of(worker));
    }

    @AfterEach
    void stop() {
        recent.end();
        Mono.defer(socket::close).subscribeOn(loop).block(Probe.PATIENCE);
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    private static BufferedReader reader(SocketChannel client) {
        return new BufferedReader(Channels.newReader(client, StandardCharsets.UTF_8));
    }

    private static JsonNode json(BufferedReader lines) throws IOException {
        return JsonMapper.shared().readTree(Objects.requireNonNull(lines.readLine(), "a line"));
    }

    private static String shown(JsonNode line) {
        return line.path("worker").asInt() + " " + line.path("source").asString() + " "
                + line.path("text").asString();
    }

    @Test
    void theLastLinesAreToldAndTheConnectionEnds() throws IOException {
        recent.add(1, Source.PRIMARY, "worker 1 started");
        recent.add(1, Source.STDOUT, "a \"quoted\" word");
        recent.add(2, Source.STDERR, "bad");

        List<String> answer = Probe.ask(path, "logs 2\n")
                .lines()
                .map(line -> line.replaceAll("20[^\"]*Z", "now"))
                .toList();

        assertThat(answer)
                .containsExactly(
                        HEAD,
                        "{\"time\":\"now\",\"worker\":1,\"source\":\"stdout\",\"text\":\"a \\\"quoted\\\" word\"}",
                        "{\"time\":\"now\",\"worker\":2,\"source\":\"stderr\",\"text\":\"bad\"}");
        assertThat(Probe.ask(path, "logs\n").lines()).hasSize(4);
        assertThat(Probe.ask(path, "logs worker 2\n").lines()).hasSize(2);
        assertThat(Probe.ask(path, "logs 0\n").lines()).containsExactly(HEAD);
        assertThat(Probe.ask(path, "logs worker 3\n").lines())
                .as("it has said nothing")
                .containsExactly(HEAD);
    }

    @Test
    void whoFollowsHearsOnUntilTheClusterEnds() throws IOException {
        recent.add(1, Source.STDOUT, "before");
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "logs 10 worker 1 follow\n");
            client.shutdownOutput();
            BufferedReader lines = reader(client);
            assertThat(json(lines).path("ok").asBoolean()).isTrue();
            assertThat(shown(json(lines))).isEqualTo("1 stdout before");

            recent.add(2, Source.STDOUT, "another's");
            recent.add(1, Source.STDERR, "then");
            assertThat(shown(json(lines))).isEqualTo("1 stderr then");
            recent.add(1, Source.PRIMARY, "ends");
            recent.end();
            assertThat(shown(json(lines))).isEqualTo("1 primary ends");
            assertThat(lines.readLine()).isNull();
        }
    }

    @Test
    void whoReadsTooSlowlyMissesLinesAndNobodyWaits() throws IOException {
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "logs 0 follow\n");
            BufferedReader lines = reader(client);
            assertThat(lines.readLine()).isEqualTo(HEAD);

            String text = "x".repeat(1000);
            for (int i = 0; i < MANY; i++) {
                recent.add(1, Source.STDOUT, text); // at once, though nobody reads
            }
            recent.add(1, Source.STDOUT, "last");

            long missed = 0;
            int read = 0;
            JsonNode line = json(lines);
            while (!line.path("text").asString("").equals("last")) {
                missed += line.path("missed").asLong(0);
                read += line.has("text") ? 1 : 0;
                line = json(lines);
            }
            assertThat(missed).isPositive();
            assertThat(missed + read).isEqualTo(MANY);
        }
    }

    @Test
    void whoFollowsMayPauseAndWhoDoesNotMayNot() throws IOException {
        String text = "x".repeat(LineCutter.MAX_LINE_BYTES);
        for (int i = 0; i < RecentLines.MAX_CHARACTERS / text.length(); i++) {
            recent.add(1, Source.STDOUT, text);
        }
        try (SocketChannel follows = Probe.connect(path);
                SocketChannel asks = Probe.connect(path)) {
            Probe.write(follows, "logs 2000 follow\n");
            Program.eventually(() -> recent.readers() == 1);
            Probe.write(asks, "logs 2000\n");
            Program.eventually(() -> recent.readers() == 2);
            Program.eventually(() -> recent.readers() == 1); // the patience is over

            recent.add(1, Source.STDOUT, "last");
            recent.end();

            assertThat(Probe.readAll(follows)).contains("\"last\"");
            assertThat(Probe.readAll(asks)).startsWith(HEAD).doesNotContain("\"last\"");
        }
    }

    @Test
    void whoGoesLeavesNothing() throws IOException {
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "logs follow\n");
            Program.eventually(() -> recent.readers() == 1);
        }

        Program.eventually(() -> recent.readers() == 0);
    }

    @ParameterizedTest
    @CsvSource({
        "logs many, 'N of logs must be a number, was many'",
        "logs -1, 'N of logs must be at least 0, was -1'",
        "logs worker 0, 'ID of logs must be at least 1, was 0'",
        "logs worker me, 'ID of logs must be a number, was me'",
        "logs 1 2, 'a request for lines is logs [N] [worker ID] [follow], was logs 1 2'",
        "logs worker 9, 'there is no worker 9 now, and no line of one with that number is kept'"
    })
    void aWrongRequestIsAnsweredByTheReason(String request, String reason) throws IOException {
        assertThat(Probe.ask(path, request + "\n")).isEqualTo("{\"ok\":false,\"error\":\"" + reason + "\"}\n");
    }

    @Test
    void aPrimaryThatSeesNoOutputSaysSo() throws IOException {
        String answer = Objects.requireNonNull(new AdminLogs(10, RecentLines.ALL, false)
                .of(new RecentLines())
                .lines()
                .map(line -> new String(line, StandardCharsets.UTF_8))
                .blockFirst(Probe.PATIENCE));

        assertThat(answer)
                .startsWith("{\"ok\":true,\"note\":\"workers print to the output of the primary, or elsewhere, by"
                        + " themselves: it sees no line of theirs")
                .contains("WorkerSettings.stdout(Output.pipe())");
    }
}
