// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.spindle.process.Signal;
import io.spindle.testkit.LeakCheck;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The primary is a process of its own, started as a user starts it. */
@ExtendWith(LeakCheck.class)
class ClusterProcessTest {

    private static final String END = "end of output";

    @TempDir
    private File temporary;

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void killWhatIsLeft() {
        started.forEach(process -> {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        });
    }

    /** A running program and the lines it prints. */
    private record Program(Process process, BlockingQueue<String> lines) {

        String await(String prefix) {
            return Probe.await(lines, line -> line.startsWith(prefix), prefix);
        }

        List<ProcessHandle> workersThatSpoke(int count) {
            List<ProcessHandle> workers = new ArrayList<>();
            while (workers.size() < count) {
                workers.add(
                        ProcessHandle.of(Long.parseLong(await("event Message").split(" ", -1)[2]))
                                .orElseThrow());
            }
            return workers;
        }
    }

    private Program start(String mode, int port) throws IOException {
        Process process = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-Djava.io.tmpdir=" + temporary,
                        "-Dlogback.configurationFile=quiet.xml",
                        "-Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener",
                        "-cp",
                        System.getProperty("java.class.path"),
                        App.class.getName(),
                        mode,
                        String.valueOf(port))
                .redirectErrorStream(true)
                .start();
        started.add(process);
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Schedulers.boundedElastic().schedule(() -> pump(process, lines));
        return new Program(process, lines);
    }

    private static void pump(Process process, BlockingQueue<String> lines) {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            output.lines().forEach(lines::add);
        } catch (UncheckedIOException | IOException e) {
            lines.add("output broke: " + e);
        }
        lines.add(END);
    }

    /** Neither an event of the test's program, nor the JVM on its flags, nor on a HUP that nohup ignores. */
    private static boolean isOurs(String line) {
        return !line.startsWith("event ")
                && !line.startsWith("WARNING: ")
                && !line.contains("was ignored when this JVM was started")
                && !line.isBlank();
    }

    private static void assertNothingLeft(File temporary) {
        assertThat(temporary.list((directory, name) -> name.startsWith("spindle")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void aSignalLetsAllFinishAndLeavesNothing(String signal) throws Exception {
        assumeNotIgnored(Signal.valueOf(signal));
        Program program = start("serve", 0);
        int port = Integer.parseInt(program.await("event Listening").split(" ", -1)[3]);
        program.await("event Listening");
        List<ProcessHandle> workers = program.process().children().toList();
        assertThat(workers).hasSize(2);
        assertThat(Probe.pids(port, 2))
                .containsExactlyInAnyOrderElementsOf(
                        workers.stream().map(ProcessHandle::pid).toList());
        Mono<String> slow = Mono.fromCallable(() -> Probe.get(port, "/slow"))
                .subscribeOn(Schedulers.boundedElastic())
                .cache();
        slow.subscribe();
        program.await("event Message");

        List<ProcessHandle> group = new ArrayList<>(List.of(program.process().toHandle()));
        if (signal.equals("INT")) {
            group.addAll(workers); // a terminal sends Ctrl-C to all
        }
        send(signal, group);

        assertThat(program.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(program.process().exitValue()).isZero();
        assertThat(slow.block(Probe.PATIENCE)).contains("end");
        assertThat(workers).noneMatch(ProcessHandle::isAlive);
        assertNothingLeft(temporary);
    }

    @Test
    void aSecondTermDoesNotWait() throws Exception {
        Program program = start("serve", 0);
        int port = Integer.parseInt(program.await("event Listening").split(" ", -1)[3]);
        program.await("event Listening");
        try (Socket client = Http1.connect(port)) {
            Http1.ask(client, "/never", "");
            program.await("event Message"); // it would hold up the drain

            program.process().destroy();
            while (program.process().isAlive()) {
                program.process().destroy(); // two that come at once are one
            }

            assertThat(program.process().exitValue()).isEqualTo(128 + 15);
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        assertNothingLeft(temporary);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HUP", "USR2"})
    void aSignalReplacesAllWorkers(String signal) throws Exception {
        assumeNotIgnored(Signal.valueOf(signal));
        Program program = start("serve", 0);
        program.await("event Ready");
        program.await("event Ready");
        List<Long> old = program.process().children().map(ProcessHandle::pid).toList();

        send(signal, List.of(program.process().toHandle()));
        program.await("event Ready"); // each step has a patience of its own
        program.await("event Ready");
        program.await("event Exited");
        program.await("event Exited");

        assertThat(program.process().children().map(ProcessHandle::pid))
                .hasSize(2)
                .doesNotContainAnyElementsOf(old);
        program.process().destroy();
        assertThat(program.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertNothingLeft(temporary);
    }

    private static void send(String signal, List<ProcessHandle> processes) throws Exception {
        List<String> line = new ArrayList<>(List.of("kill", "-" + signal));
        processes.forEach(process -> line.add(String.valueOf(process.pid())));
        assertThat(new ProcessBuilder(line).start().waitFor()).isZero();
    }

    private static void assumeNotIgnored(Signal signal) throws IOException {
        assumeTrue(
                !io.spindle.testkit.Program.isIgnored(signal.number()),
                () -> "whoever started the tests ignores " + signal + ", and so does every JVM below it");
    }

    @Test
    void aWorkerThatHangsPrintsItsThreadsAndIsReplaced() throws Exception {
        Program program = start("hang", 0);
        int port = Integer.parseInt(program.await("event Listening").split(" ", -1)[3]);
        program.await("event Ready");
        program.await("event Ready");

        try (Socket client = Http1.connect(port)) {
            Http1.ask(client, "/hang", "");
            program.await("Full thread dump");
            program.await("\tat io.spindle.cluster.App.hang");
            String hung = program.await("event Exited").split(" ", -1)[2];
            String next = program.await("event Ready").split(" ", -1)[2];
            assertThat(next).isNotEqualTo(hung);
            assertThat(client.getInputStream().read()).as("it was killed").isEqualTo(-1);
        }

        assertThat(Probe.pids(port, 2)).hasSize(2);
        program.process().destroy();
        assertThat(program.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void workersDoNotOutliveAKilledPrimaryEvenIfTheirLoopsAreBlocked() throws Exception {
        Program program = start("blocked", 0);
        List<ProcessHandle> workers = program.workersThatSpoke(2);

        long killed = System.nanoTime();
        program.process().destroyForcibly();

        assertThat(workers)
                .allMatch(worker ->
                        Probe.endsWithin(worker, Duration.ofSeconds(5).minusNanos(System.nanoTime() - killed)));
        assertNothingLeft(temporary);
    }

    @Test
    void aPortInUseIsOneClearLineAndLeavesNothing() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Program program = start("serve", taken.getLocalPort());

            assertThat(program.process().waitFor(40, TimeUnit.SECONDS)).isTrue();

            assertThat(program.process().exitValue()).isEqualTo(1);
            List<String> lines = new ArrayList<>();
            for (String line = program.lines().take();
                    !line.equals(END);
                    line = program.lines().take()) {
                lines.add(line);
            }
            assertThat(lines.stream().filter(ClusterProcessTest::isOurs))
                    .containsExactly("failed the cluster cannot start: Address already in use: 127.0.0.1:"
                            + taken.getLocalPort());
            assertThat(program.process().descendants()).isEmpty();
            assertNothingLeft(temporary);
        }
    }

    @Test
    void aProgramThatThrowsSaysSoAndIsTriedAgain() throws Exception {
        Program program = start("throw", 0);

        String first = program.await("event Exited");
        String second = program.await("event Exited");
        program.process().destroy();

        assertThat(first).isNotEqualTo(second);
        assertThat(program.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertNothingLeft(temporary);
    }
}
