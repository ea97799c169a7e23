// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.spring.hello.Hello;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Sinks;

/** Real JVMs: an application is started as a user starts it. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class ClusteredApplicationTest {

    private static final Pattern STARTED = Pattern.compile("Started ClusteredApplication in");

    @Test
    void onePropertyClustersAnApplicationAndTermEndsAllOfIt() throws Exception {
        try (Program program = BootProgram.start(
                ClusteredApplication.class,
                "--spindle.cluster.workers=2",
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--management.server.port=0",
                "--management.endpoint.health.probes.enabled=true")) {
            program.await(STARTED, 2);
            List<Integer> ports = ports(program);
            Set<String> answers = BootProgram.ask(ports.get(0), "/who", 2);

            assertThat(answers).hasSize(2).allMatch(answer -> answer.matches("[12] \\d+ true"));
            assertThat(answers)
                    .noneMatch(answer -> answer.contains(" " + program.process().pid() + " "));
            assertThat(BootProgram.get(ports.get(1), "/actuator/health/readiness"))
                    .contains("\"UP\"");
            assertThat(program.lines())
                    .anyMatch(line -> line.contains("[primary]"))
                    .noneMatch(line -> line.contains(":: Spring Boot ::"));
            assertThat(program.lines())
                    .filteredOn(line -> STARTED.matcher(line).find())
                    .hasSize(2)
                    .anyMatch(line -> line.contains("[worker-1]"))
                    .anyMatch(line -> line.contains("[worker-2]"));

            killOne(program, ports.get(0));
            List<ProcessHandle> workers = program.children();
            program.process().destroy();

            assertThat(program.awaitEnd()).isZero();
            assertThat(workers).noneMatch(ProcessHandle::isAlive);
        }
    }

    /** Main server and management server, each the same in both workers. */
    private static List<Integer> ports(Program program) throws InterruptedException {
        return program.await(Pattern.compile("Netty started on port (\\d+)"), 4).stream()
                .distinct()
                .map(Integer::valueOf)
                .toList();
    }

    private static void killOne(Program program, int port) throws InterruptedException {
        ProcessHandle victim = program.children().get(0);
        victim.destroyForcibly();
        program.await(STARTED, 3);

        assertThat(BootProgram.ask(port, "/who", 2)).noneMatch(answer -> answer.contains(" " + victim.pid() + " "));
    }

    @Test
    void theEndpointTellsReloadsAndScales() throws Exception {
        try (Program program = BootProgram.start(
                ClusteredApplication.class,
                "--spindle.cluster.workers=1",
                "--spindle.cluster.watch=100ms",
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--management.endpoint.health.show-details=always",
                "--management.endpoints.web.exposure.include=health,cluster")) {
            int port = BootProgram.port(program, 1);
            String before = BootProgram.get(port, "/actuator/cluster");

            assertThat(before)
                    .contains("\"primary\":" + program.process().pid(), "\"wanted\":1", "\"reload\":\"none\"")
                    .contains("\"pid\":" + program.children().get(0).pid(), "\"slot\":0", "\"state\":\"ready\"");
            assertThat(BootProgram.get(port, "/actuator/health"))
                    .contains(
                            "1 of 1 workers ready, primary " + program.process().pid());

            Sinks.Empty<Void> done = Sinks.empty();
            Future<@Nullable Long> load = BootProgram.load(port, "/who", 4, done.asMono());
            assertThat(BootProgram.get(port, "/actuator/cluster/meters"))
                    .contains("\"name\":\"spindle.pool.threads\"", "\"worker\":\"0\"");
            assertThat(BootProgram.post(port, "/actuator/cluster/reload", "{}")).startsWith("202 ");
            Program.eventually(() -> BootProgram.get(port, "/actuator/cluster").contains("\"reload\":\"done\""));
            done.tryEmitEmpty();
            assertThat(load.get(Program.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .as("and none of them failed")
                    .isGreaterThan(4);
            assertThat(BootProgram.get(port, "/actuator/cluster"))
                    .contains("\"id\":2")
                    .doesNotContain("\"id\":1,");

            assertThat(BootProgram.post(port, "/actuator/cluster/scale", "{\"workers\":0}"))
                    .isEqualTo("400 workers must be at least 1, was 0");
            assertThat(BootProgram.post(port, "/actuator/cluster/dance", "{}")).startsWith("404");
            assertThat(BootProgram.post(port, "/actuator/cluster/scale", "{\"workers\":2}"))
                    .startsWith("202 ")
                    .contains("\"wanted\":2");
            assertThat(BootProgram.ask(port, "/who", 2)).hasSize(2);
        }
    }

    @Test
    void aWorkerAcceptsWhenTheApplicationIsReadyAndNotBefore(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("go");
        try (Program program = BootProgram.start(
                ClusteredApplication.class,
                "--spindle.cluster.workers=1",
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--test.wait-for=" + file)) {
            int port = BootProgram.port(program, 1);
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                client.getOutputStream()
                        .write("GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                client.setSoTimeout(500);
                assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);

                Files.createFile(file);
                client.setSoTimeout(60_000);

                assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .startsWith("HTTP/1.1 200")
                        .endsWith(" true");
            }
        }
    }

    /** The JVM must not end by itself when the drain has closed the server. */
    @Test
    void aWorkerThatDrainsLeavesItsIdleConnectionsTheirTime() throws Exception {
        try (Program program = BootProgram.start(
                        ClusteredApplication.class,
                        "--spindle.cluster.workers=1",
                        "--server.port=0",
                        "--server.address=127.0.0.1");
                Socket client = new Socket(InetAddress.getLoopbackAddress(), BootProgram.port(program, 1))) {
            client.setSoTimeout((int) Program.PATIENCE.toMillis());
            client.getOutputStream().write("GET /who HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            StringBuilder answer = new StringBuilder();
            while (!answer.toString().endsWith(" true")) {
                answer.append((char) client.getInputStream().read());
            }

            long asked = System.nanoTime();
            program.children().get(0).destroy();
            assertThat(client.getInputStream().read()).isEqualTo(-1);

            assertThat(Duration.ofNanos(System.nanoTime() - asked))
                    .as("half of three seconds at least")
                    .isGreaterThan(Duration.ofMillis(1400));
            assertThat(program.await(Pattern.compile("worker 1 ended with (.*) after"), 1))
                    .containsAnyOf("signal TERM", "exit code 143");
        }
    }

    @Test
    void aPortInUseIsSaidOnceAndEndsTheProgram() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Program program = BootProgram.start(
                        ClusteredApplication.class,
                        "--spindle.cluster.workers=1",
                        "--server.address=127.0.0.1",
                        "--server.port=" + taken.getLocalPort())) {
            assertThat(program.awaitEnd()).isEqualTo(1);
            program.await(Pattern.compile("The cluster has ended: .*in use"), 1);
            program.await(Pattern.compile("was already in use"), 1);
        }
    }

    @Test
    void anApplicationWithoutThePropertyIsOneProcessAsEver() throws Exception {
        try (Program program =
                BootProgram.start(ClusteredApplication.class, "--server.port=0", "--server.address=127.0.0.1")) {
            int port = BootProgram.port(program, 1);
            program.await(STARTED, 1);

            assertThat(BootProgram.get(port, "/who"))
                    .isEqualTo("0 " + program.process().pid() + " true");
            assertThat(program.children()).isEmpty();
            assertThat(program.lines())
                    .anyMatch(line -> line.contains(":: Spring Boot ::"))
                    .noneMatch(line -> line.contains("[primary]") || line.contains("luster primary"));

            program.process().destroy();
            assertThat(program.awaitEnd()).isEqualTo(143);
        }
    }

    @Test
    void anApplicationThatFailsInEveryWorkerEndsWithTheReason() throws Exception {
        try (Program program = BootProgram.start(
                ClusteredApplication.class,
                "--spindle.cluster.workers=1",
                "--spindle.cluster.restart.max-failed-starts=1",
                "--spindle.offload.threads=0",
                "--server.port=0")) {
            assertThat(program.awaitEnd()).isEqualTo(1);
            program.await(Pattern.compile("'spindle.offload.threads' has the value '0'"), 1);
            program.await(Pattern.compile("The cluster has ended: .*crash loop"), 1);
        }
    }

    @Test
    void theServiceOfTheReadmeIsACluster() throws Exception {
        try (Program program = BootProgram.start(
                Hello.class,
                "--spindle.cluster.workers=2",
                "--spindle.cluster.heartbeat=9s",
                "--spindle.cluster.recycle.max-requests=60",
                "--server.port=0",
                "--server.address=127.0.0.1")) {
            program.await(Pattern.compile("Started Hello in"), 2);
            int port = BootProgram.port(program, 2);

            assertThat(BootProgram.ask(port, "/", 2)).allMatch(answer -> answer.matches("hello from process \\d+\n"));
            Program.eventually(() -> {
                BootProgram.ask(port, "/", 1);
                return program.lines().stream().anyMatch(line -> line.matches(".* recycled: it has had \\d+ requests"));
            });
        }
    }

    @Test
    void aServletApplicationIsRefused() throws IOException, InterruptedException {
        try (Program program = BootProgram.start(
                ClusteredApplication.class,
                "--spindle.cluster.workers=1",
                "--spring.main.web-application-type=servlet")) {
            assertThat(program.awaitEnd()).isEqualTo(1);
            program.await(Pattern.compile("this is a servlet application"), 1);
        }
    }
}
