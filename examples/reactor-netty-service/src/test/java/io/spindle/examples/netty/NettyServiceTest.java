// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.http.client.HttpClient;

/** The jar itself, plain and clustered. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class NettyServiceTest {

    private static final Pattern SERVES = Pattern.compile("process \\d+ serves port (\\d+)");

    @TempDir
    private Path directory;

    private Program start(int workers) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-Dh2.bindAddress=127.0.0.1",
                "-Djava.io.tmpdir=" + directory,
                "-jar",
                "target/reactor-netty-service.jar",
                "0",
                directory.toString()));
        if (workers > 0) {
            line.add(String.valueOf(workers));
        }
        return Program.start(line);
    }

    private static String get(int port, String path) {
        return Objects.requireNonNull(request(port, path).block(Program.PATIENCE));
    }

    private static Mono<String> request(int port, String path) {
        return HttpClient.newConnection()
                .get()
                .uri("http://127.0.0.1:" + port + path)
                .responseContent()
                .aggregate()
                .asString();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void theServiceDoesItsWorkInOneProcessAndInSeveral(int workers) throws Exception {
        try (Program program = start(workers)) {
            int port =
                    Integer.parseInt(program.await(SERVES, Math.max(1, workers)).get(0));
            String stored = HttpClient.newConnection()
                    .put()
                    .uri("http://127.0.0.1:" + port + "/files/hello")
                    .send(ByteBufFlux.fromString(Flux.just("hello ", "world\n")))
                    .responseSingle((response, body) -> body.asString())
                    .block(Program.PATIENCE);

            assertThat(stored)
                    .contains("\"name\":\"hello\"", "\"bytes\":12")
                    .contains("\"sha256\":\"a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447\"");
            Matcher id = Pattern.compile("\"id\":\"([^\"]+)\"").matcher(Objects.requireNonNull(stored));
            assertThat(id.find()).isTrue();
            assertThat(get(port, "/files")).contains(id.group(1));
            assertThat(get(port, "/files/" + id.group(1))).isEqualTo("hello world\n");
            assertThat(status(port, "/files/" + id.group(1).replace('-', '0'))).isEqualTo(404);
            assertThat(get(port, "/primes/1000")).isEqualTo("168");
            assertThat(get(port, "/countdown/1")).isEqualTo("data:1\n\ndata:go\n\n");
            assertThat(pids(port, Math.max(1, workers))).hasSize(Math.max(1, workers));

            program.process().destroy();
            assertThat(program.awaitEnd()).isEqualTo(workers > 0 ? 0 : 143);
        }
    }

    private static int status(int port, String path) {
        return Objects.requireNonNull(HttpClient.newConnection()
                .get()
                .uri("http://127.0.0.1:" + port + path)
                .responseSingle((response, body) -> Mono.just(response.status().code()))
                .block(Program.PATIENCE));
    }

    private static Set<String> pids(int port, int processes) {
        Set<String> pids = new TreeSet<>();
        Program.eventually(() -> {
            pids.addAll(Objects.requireNonNull(Flux.range(0, 24)
                    .flatMap(each -> request(port, "/pid"), 24)
                    .collect(Collectors.toSet())
                    .block(Program.PATIENCE)));
            return pids.size() >= processes;
        });
        return pids;
    }
}
