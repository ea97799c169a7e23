// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.cluster.ClusterEvent;
import io.spindle.cluster.ClusterWorker;
import io.spindle.cluster.Primary;
import io.spindle.cluster.PrimarySpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The commands on a real cluster, whose primary is this JVM; each test begins and ends with one worker. */
@ExtendWith(LeakCheck.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MainTest {

    private static final int REQUESTS = 23;

    private final CountDownLatch listening = new CountDownLatch(1);
    private Primary primary;

    private Path temporary;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        temporary = directory;
        Path socket = temporary.resolve("spindle-only").resolve("control");
        primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(1)
                .controlSocket(socket)
                .main(Class.forName("io.spindle.cluster.App"), "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .watch(Duration.ofMillis(100))
                .heartbeat(Duration.ofDays(1)) // who wants to know asks
                .onEvent(event -> {
                    if (event instanceof ClusterEvent.Ready) {
                        listening.countDown();
                    }
                })
                .start()
                .block(Program.PATIENCE));
        assertThat(listening.await(Program.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
    }

    @AfterAll
    void stop() {
        Run run = run("stop");

        assertThat(run).isEqualTo(new Run(0, "the cluster has ended" + System.lineSeparator(), ""));
        assertThat(primary.exit().block(Program.PATIENCE)).isZero();
        assertThat(primary.workers()).isEmpty();
        assertThat(run("status"))
                .isEqualTo(new Run(
                        1,
                        "",
                        "spindle status: no primary answers at " + primary.controlSocket()
                                + ": No such file or directory" + System.lineSeparator()));
    }

    private Run run(String... command) {
        String[] line = new String[command.length + 2];
        System.arraycopy(command, 0, line, 0, command.length);
        line[command.length] = "--socket";
        line[command.length + 1] = primary.controlSocket().toString();
        return Run.of(line);
    }

    @Test
    void statusIsATableForPeople() {
        ClusterWorker worker = primary.workers().get(0);

        Run run = run("status");

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        List<String> lines = run.out().lines().toList();
        assertThat(lines.get(0))
                .startsWith("cluster of process " + ProcessHandle.current().pid() + ", running, up ")
                .contains("1 workers wanted, listening on 127.0.0.1:");
        assertThat(lines.get(lines.size() - 1))
                .matches(worker.id() + " +0 +" + worker.generation() + " +" + worker.pid() + " +ready .*");
    }

    @Test
    void topAsksTheWorkersAnew() throws Exception {
        ClusterWorker worker = primary.workers().get(0);
        JsonNode status = JsonMapper.shared().readTree(run("status", "--json").out());
        String address = status.path("listening").path(0).asString();
        for (int i = 0; i < REQUESTS; i++) {
            try (InputStream body = URI.create("http://" + address).toURL().openStream()) {
                assertThat(body.readAllBytes()).isNotEmpty();
            }
        }

        String row = worker.id() + " +0 +" + worker.generation() + " +" + worker.pid() + " +ready .* " + REQUESTS
                + " +\\d+ +\\d+ +[1-9]\\d* MiB +\\d+\\.\\d ms";
        List<String> lines = new ArrayList<>();
        Program.eventually(
                () -> { // one that does not answer in time shows what it was like before
                    Run run = run("top", "--once");
                    assertThat(run.code()).isZero();
                    assertThat(run.err()).isEmpty();
                    lines.clear();
                    run.out().lines().forEach(lines::add);
                    return lines.get(lines.size() - 1).matches(row);
                });
        assertThat(lines).anyMatch(line -> line.startsWith("WORKER  SLOT  GENERATION  PID"));
    }

    @Test
    void aSecondPrimaryOnItsSocketDoesNotStart() {
        StepVerifier.create(PrimarySpec.create()
                        .controlSocket(primary.controlSocket())
                        .start())
                .expectErrorMessage("the cluster cannot start: no control socket at " + primary.controlSocket()
                        + ": another primary runs or starts there")
                .verify(Program.PATIENCE);

        assertThat(run("status").code()).isZero();
    }

    @Test
    void statusIsALineOfJsonForProgramsAndTheOnlyClusterIsFound() throws Exception {
        try (Program program = Program.start(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "status",
                "--json"))) {
            String line = program.await(Pattern.compile("^\\{.*"), 1).get(0);
            assertThat(program.awaitEnd()).isZero();

            JsonNode status = JsonMapper.shared().readTree(line);
            assertThat(status.path("pid").asLong())
                    .isEqualTo(ProcessHandle.current().pid());
            assertThat(status.path("workers").size()).isEqualTo(1);
        }
    }

    @Test
    void scaleAndReloadWaitForTheirEnd() {
        List<ClusterWorker> first = primary.workers();

        assertThat(run("scale", "2")).isEqualTo(new Run(0, "workers: 2" + System.lineSeparator(), ""));
        assertThat(primary.workers()).hasSize(2);
        assertThat(run("scale", "1")).isEqualTo(new Run(0, "workers: 1" + System.lineSeparator(), ""));
        assertThat(primary.workers()).isEqualTo(first);

        assertThat(run("reload")).isEqualTo(new Run(0, "all workers are new" + System.lineSeparator(), ""));
        assertThat(primary.workers()).hasSize(1).doesNotContainAnyElementsOf(first);
    }
}
