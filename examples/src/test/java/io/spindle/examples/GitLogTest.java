// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.process.Command;
import io.spindle.process.Input;
import io.spindle.testkit.LeakCheck;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

@ExtendWith(LeakCheck.class)
class GitLogTest {

    /** With subjects of eight kilobytes some 24 MB, far more than the sockets between server and client hold. */
    private static final int COMMITS = 3_000;

    private static final Duration PATIENCE = Duration.ofSeconds(50);

    /** Half a second: git alone would have written all of it by then. */
    private static final int LOOKS_AT_REST = 100;

    private static final long LOOK_NANOS = 5_000_000;
    private static final String LONG_WORD = "x".repeat(8000);

    @TempDir
    private static Path repository;

    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void makeHistory() {
        Flux<String> stream = Flux.range(1, COMMITS).map(GitLogTest::commit);
        Mono<?> made = Command.of("git", "init", "-q", "-b", "main")
                .directory(repository)
                .exec()
                .then(Command.of("git", "fast-import", "--quiet")
                        .directory(repository)
                        .stdin(Input.ofStrings(stream))
                        .exec());
        made.block(PATIENCE);
    }

    /** Returns what {@code git fast-import} reads; the newest subject is not plain. */
    private static String commit(int number) {
        String subject = (number == COMMITS ? "quoted \" and \\ and ü" : LONG_WORD) + " " + number;
        return "commit refs/heads/main\ncommitter Ann Ö <ann@example.org> " + (1_700_000_000 + number) + " +0000\ndata "
                + subject.getBytes(StandardCharsets.UTF_8).length + "\n" + subject + "\n";
    }

    @AfterEach
    void release() {
        terminal.close();
    }

    private CompletableFuture<Integer> start(String... options) {
        String[] command = new String[options.length + 2];
        command[0] = "git-log";
        command[1] = repository.toString();
        System.arraycopy(options, 0, command, 2, options.length);
        // not in the common pool: on two cores it has one thread, on which the JDK also tells the end of a process
        return CompletableFuture.supplyAsync(() -> terminal.run(command), task -> new Thread(task, "git-log").start());
    }

    /** Sends a request whose response ends with the connection. */
    private static Socket get(String url) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(16 << 10);
        URI uri = URI.create(url);
        socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
        socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static List<String> readAll(Socket socket) throws IOException {
        return reader(socket).lines().toList();
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    @Test
    void theWholeHistoryIsServedAsAJsonObjectALine() throws Exception {
        CompletableFuture<Integer> code = start("--once");

        List<String> response;
        try (Socket client = get(terminal.awaitLine())) {
            response = readAll(client);
        }

        List<String> body =
                response.stream().filter(line -> line.startsWith("{")).toList(); // each a chunk
        assertThat(response).contains("content-type: application/x-ndjson");
        assertThat(body).hasSize(COMMITS);
        GitLog.Commit newest = JsonMapper.shared().readValue(body.get(0), GitLog.Commit.class);
        assertThat(newest.hash()).matches("[0-9a-f]{40}");
        assertThat(newest.author()).isEqualTo("Ann Ö");
        assertThat(newest.date()).isEqualTo("2023-11-14T23:03:20+00:00");
        assertThat(newest.subject()).isEqualTo("quoted \" and \\ and ü " + COMMITS);
        assertThat(terminal.awaitLine()).isEqualTo("sent " + COMMITS + " commits");
        assertThat(code.get(30, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void gitWaitsForAClientThatDoesNotReadAndEndsWithIt() throws Exception {
        CompletableFuture<Integer> code = start("--once");

        ProcessHandle git;
        try (Socket slow = get(terminal.awaitLine())) {
            assertThat(reader(slow).readLine()).isEqualTo("HTTP/1.1 200 OK");
            git = child(); // the head of the response may come before it
            standsStill(git.pid());
        }

        git.onExit().get(30, TimeUnit.SECONDS);
        String end = terminal.awaitLine();
        assertThat(end).matches("the client left after \\d+ commits");
        assertThat(Integer.parseInt(end.replaceAll("\\D", ""))).isLessThan(COMMITS);
        assertThat(code.get(30, TimeUnit.SECONDS)).isZero();
    }

    private static ProcessHandle child() {
        Optional<ProcessHandle> child = Optional.empty();
        while (child.isEmpty()) { // the time limit of the test ends it
            Thread.onSpinWait();
            child = ProcessHandle.current().children().findFirst();
        }
        return child.get();
    }

    /** Returns when a process has waited without a break: it does not run, and has no processor time in between. */
    private static void standsStill(long pid) throws IOException {
        String before = "";
        for (int same = 0; same < LOOKS_AT_REST; ) {
            String now = stateAndTimes(pid);
            same = now.startsWith("S") && now.equals(before) ? same + 1 : 0;
            before = now;
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static String stateAndTimes(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        assertThat(fields[0]).as("git has not ended: " + stat).isNotEqualTo("Z");
        return fields[0] + " " + fields[11] + " " + fields[12];
    }

    @Test
    void aRepositoryWithoutCommitsIsOneLineAndCodeTwo(@TempDir Path empty) {
        Command.of("git", "init", "-q", "-b", "main").directory(empty).exec().block(PATIENCE);

        assertThat(terminal.run("git-log", empty.toString())).isEqualTo(2);
        assertThat(terminal.errors())
                .containsExactly("git-log: fatal: your current branch 'main' does not have any commits yet");
    }

    @Test
    void aPortInUseIsOneLineAndCodeOne() throws Exception {
        try (java.net.ServerSocket taken = new java.net.ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));

            assertThat(terminal.run("git-log", repository.toString(), "--port", String.valueOf(taken.getLocalPort())))
                    .isEqualTo(1);
        }
        assertThat(terminal.errors()).hasSize(1);
        assertThat(terminal.errors().get(0)).startsWith("git-log: ").contains("Failed to bind");
    }
}
