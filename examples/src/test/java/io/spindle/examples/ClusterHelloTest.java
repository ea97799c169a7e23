// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.process.Command;
import io.spindle.process.ExecResult;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The cluster as its user starts it, with what it prints. */
@ExtendWith(LeakCheck.class)
class ClusterHelloTest {

    private static final Pattern STARTED =
            Pattern.compile("^worker process with ID:(\\d+) started, listening on port \\d+$");
    private static final Pattern PORT =
            Pattern.compile("^worker process with ID:\\d+ started, listening on port (\\d+)$");
    private static final Pattern EXITED = Pattern.compile("^worker process with ID:(\\d+) exited$");

    private static final Pattern ANSWERER = Pattern.compile(ClusterHello.PID_HEADER + ": (\\d+)");

    @TempDir
    private File temporary;

    private List<String> line(int port) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "cluster-hello",
                "--workers",
                "2",
                "--port",
                String.valueOf(port));
    }

    /** Not of a newer JVM on its flags or on what the libraries do, nor on signals that whoever runs this ignores. */
    private static List<String> withoutWarnings(List<String> lines) {
        return lines.stream()
                .filter(line -> !line.startsWith("WARNING: ") && !line.isBlank())
                .filter(line -> !line.contains("was ignored when this JVM was started"))
                .toList();
    }

    @Test
    void aKilledWorkerIsReplacedAndTermEndsAll() throws Exception {
        try (Program program = Program.start(line(0))) {
            List<String> pids = program.await(STARTED, 2);
            List<String> ports = program.await(PORT, 2);
            assertThat(ports).containsOnly(ports.get(0));
            assertThat(answererOf(ports.get(0))).isIn(pids);

            ProcessHandle.of(Long.parseLong(pids.get(0))).orElseThrow().destroyForcibly(); // -9

            assertThat(program.await(EXITED, 1)).containsExactly(pids.get(0));
            String replacement = program.await(STARTED, 3).get(2);
            assertThat(program.await(PORT, 3)).containsOnly(ports.get(0));
            assertThat(answererOf(ports.get(0))).isIn(pids.get(1), replacement);
            List<ProcessHandle> workers = program.children();
            assertThat(workers)
                    .extracting(worker -> String.valueOf(worker.pid()))
                    .containsExactlyInAnyOrder(pids.get(1), replacement);

            program.process().toHandle().destroy(); // TERM; destroy() of a Process also closes its output

            assertThat(program.awaitEnd())
                    .as(() -> String.join("\n", program.lines()))
                    .isZero();
            assertThat(program.await(EXITED, 3).subList(1, 3))
                    .as("those that were left, in any order")
                    .containsExactlyInAnyOrder(pids.get(1), replacement);
            assertThat(workers).noneMatch(ProcessHandle::isAlive);
            assertThat(temporary.list()).noneMatch(name -> name.startsWith("spindle"));
            List<String> lines = withoutWarnings(program.lines());
            assertThat(lines.get(0))
                    .isEqualTo("Primary process with ID:" + program.process().pid() + " is running");
            assertThat(lines).as("and nothing else").hasSize(1 + 3 + 3);
        }
    }

    private static String answererOf(String port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(port))) {
            socket.setSoTimeout((int) Program.PATIENCE.toMillis());
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answer).startsWith("HTTP/1.1 200 OK").contains("hello world\n");
            Matcher answerer = ANSWERER.matcher(answer);
            assertThat(answerer.find()).isTrue();
            return answerer.group(1);
        }
    }

    /** The output ends when nobody can write to it any more: workers have it from the primary. */
    @Test
    void aPortInUseIsOneLineAndLeavesNothing() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<String> line = line(taken.getLocalPort());
            ExecResult result = Command.of(line.get(0))
                    .args(line.subList(1, line.size()).toArray(String[]::new))
                    .exitCodes(1)
                    .exec()
                    .block(Program.PATIENCE);

            assertThat(result).isNotNull();
            assertThat(result.stdout())
                    .matches("Primary process with ID:\\d+ is running\n(worker process with ID:\\d+ exited\n){0,2}");
            assertThat(withoutWarnings(result.stderr().lines().toList()))
                    .containsExactly("cluster-hello: the cluster cannot start: Address already in use: 127.0.0.1:"
                            + taken.getLocalPort());
            assertThat(temporary.list()).noneMatch(name -> name.startsWith("spindle"));
        }
    }
}
