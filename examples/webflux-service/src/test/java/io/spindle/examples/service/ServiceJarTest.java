// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The jar itself, run as its README says. */
@ExtendWith(LeakCheck.class)
@Timeout(240)
class ServiceJarTest {

    private static final Path JAR = Path.of("target/webflux-service.jar");
    private static final Pattern PORT = Pattern.compile("Netty started on port (\\d+)");
    private static final Pattern STARTED = Pattern.compile("Started ServiceApplication in");
    private static final Duration GRACE = Duration.ofSeconds(10);

    @TempDir
    private Path directory;

    private Program start(String... arguments) throws IOException {
        return Program.start(Stream.of(
                        List.of(
                                System.getProperty("java.home") + "/bin/java",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Xmx128m",
                                "-Djava.io.tmpdir=" + directory,
                                "-jar",
                                JAR.toString(),
                                "--server.port=0",
                                "--server.address=127.0.0.1"),
                        List.of(arguments))
                .flatMap(List::stream)
                .toList());
    }

    /** A client of one service; each has connections of its own. */
    private record Client(HttpClient http, int port) {

        static Client of(Program program) throws InterruptedException {
            return at(Integer.parseInt(program.await(PORT, 1).get(0)));
        }

        static Client at(int port) {
            return new Client(HttpClient.newHttpClient(), port);
        }

        private HttpRequest.Builder request(String path) {
            return HttpRequest.newBuilder(
                    URI.create("http://" + InetAddress.getLoopbackAddress().getHostAddress() + ":" + port + path));
        }

        String get(String path) throws IOException, InterruptedException {
            HttpResponse<String> response = http.send(request(path).build(), BodyHandlers.ofString());
            assertThat(response.statusCode())
                    .as("%s: %s", path, response.body())
                    .isEqualTo(200);
            return response.body();
        }

        int status(String path) {
            return http.sendAsync(request(path).build(), BodyHandlers.discarding())
                    .thenApply(HttpResponse::statusCode)
                    .orTimeout(Program.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join();
        }

        byte[] bytes(String path) throws IOException, InterruptedException {
            return http.send(request(path).build(), BodyHandlers.ofByteArray()).body();
        }

        String put(String path, byte[] body) throws IOException, InterruptedException {
            HttpResponse<String> response = http.send(
                    request(path).PUT(BodyPublishers.ofByteArray(body)).build(), BodyHandlers.ofString());
            assertThat(response.statusCode())
                    .as("%s: %s", path, response.body())
                    .isEqualTo(201);
            return response.body();
        }
    }

    private static byte[] megabytes(int count) {
        byte[] half = new byte[count << 19];
        new Random(1).nextBytes(half);
        return Arrays.copyOf(half, count << 20); // the second half compresses to nothing
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static String idOf(String json) {
        Matcher id = Pattern.compile("\"id\":\"([^\"]+)\"").matcher(json);
        assertThat(id.find()).as(json).isTrue();
        return id.group(1);
    }

    private static void useEverything(Client client) throws Exception {
        byte[] content = megabytes(3);
        String stored = client.put("/files/random.bin", content);

        assertThat(stored)
                .contains("\"name\":\"random.bin\"", "\"sha256\":\"" + sha256(content) + "\"", "\"bytes\":3145728");
        assertThat(stored).containsPattern("\"gzipBytes\":1[56]\\d{5}\\D");
        assertThat(client.get("/files")).contains(idOf(stored));
        assertThat(client.bytes("/files/" + idOf(stored))).isEqualTo(content);
        assertThat(client.get("/primes/1000")).isEqualTo("168");
        assertThat(client.get("/countdown/2")).isEqualTo("data:2\n\ndata:1\n\ndata:go\n\n");
        assertThat(client.get("/actuator/health"))
                .startsWith("{")
                .contains("\"spindle\"", "running", "\"status\":\"UP\"");
        assertThat(client.get("/actuator/prometheus")).contains("spindle_pool_completed_total", "pool=\"compute\"");
        assertThat(client.get("/actuator/spindle")).contains("\"blockingPools\":{\"offload\"");
    }

    @Test
    void theJarServesInOneProcess() throws Exception {
        try (Program program = start()) {
            program.await(STARTED, 1);
            Client client = Client.of(program);

            useEverything(client);

            assertThat(client.get("/pid"))
                    .isEqualTo(String.valueOf(program.process().pid()));
            program.process().destroy();
            assertThat(program.awaitEnd()).isEqualTo(143);
        }
    }

    @Test
    void aPropertyMovesTheTasksToProcessesThatAreLoadedFromTheSameJar() throws Exception {
        try (Program program = start(
                "--spindle.worker.distance=process",
                "--spindle.worker.max-threads=1",
                "--spindle.worker.jvm-args=-Xmx64m")) {
            program.await(STARTED, 1);
            Client client = Client.of(program);

            assertThat(client.get("/primes/1000")).isEqualTo("168");

            List<ProcessHandle> workers = program.children();
            assertThat(workers)
                    .singleElement()
                    .satisfies(worker -> assertThat(worker.info().commandLine())
                            .get()
                            .asString()
                            .contains("-Xmx64m"));
            assertThat(workers.get(0).destroyForcibly()).isTrue();
            workers.get(0).onExit().join();
            Program.eventually(() -> client.status("/primes/100") == 200);
            program.process().destroy();
            assertThat(program.awaitEnd()).isEqualTo(143);
        }
    }

    @Test
    void thePropertyMakesItACluster() throws Exception {
        try (Program program = start("--spindle.cluster.workers=2")) {
            program.await(STARTED, 2);
            Client client = Client.of(program);

            useEverything(client);

            Set<String> pids = new TreeSet<>();
            Program.eventually(() -> {
                pids.addAll(askAtOnce(client.port(), 16));
                return pids.size() == 2;
            });
            List<ProcessHandle> workers = program.children();
            assertThat(workers)
                    .extracting(worker -> String.valueOf(worker.pid()))
                    .containsAll(pids);
            assertThat(client.get("/actuator/cluster/prometheus"))
                    .contains("spindle_pool_threads{pool=\"compute\",worker=\"0\"}")
                    .contains("spindle_pool_threads{pool=\"compute\",worker=\"1\"}")
                    .containsPattern("http_server_requests_seconds_count\\{[^}]*uri=\"/pid\"} \\d");

            long before = System.nanoTime();
            program.process().destroy();
            assertThat(program.awaitEnd()).isZero();

            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(GRACE);
            assertThat(workers).noneMatch(ProcessHandle::isAlive);
        }
    }

    private static List<String> askAtOnce(int port, int clients) {
        return Stream.generate(() -> Client.at(port))
                .limit(clients)
                .map(each -> each.http()
                        .sendAsync(each.request("/pid").build(), BodyHandlers.ofString())
                        .thenApply(HttpResponse::body))
                .toList()
                .stream()
                .map(answer -> answer.join())
                .toList();
    }
}
