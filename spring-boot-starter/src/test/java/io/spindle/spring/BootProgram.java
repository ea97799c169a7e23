// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.Program;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufMono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/** An application in a JVM of its own, started from the class path as an IDE does, and asked over HTTP. */
final class BootProgram {

    private static final Pattern PORT = Pattern.compile("Netty started on port (\\d+)");

    private BootProgram() {}

    static Program start(Class<?> main, String... arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-Xmx96m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
        line.addAll(List.of(arguments));
        return Program.start(line);
    }

    /** Waits until that many servers are bound, all on one port. */
    static int port(Program program, int servers) throws InterruptedException {
        Set<String> ports = new TreeSet<>(program.await(PORT, servers));
        assertThat(ports).hasSize(1);
        return Integer.parseInt(ports.iterator().next());
    }

    /** One request on a connection of its own. */
    static String get(int port, String path) {
        return Objects.requireNonNull(request(port, path).block(Program.PATIENCE));
    }

    /** Returns status and body. */
    static String post(int port, String path, String json) {
        return Objects.requireNonNull(HttpClient.newConnection()
                .headers(headers -> headers.set("Content-Type", "application/json"))
                .post()
                .uri("http://127.0.0.1:" + port + path)
                .send(ByteBufMono.fromString(Mono.just(json)))
                .responseSingle((response, body) -> body.asString()
                        .defaultIfEmpty("")
                        .map(text -> response.status().code() + " " + text))
                .block(Program.PATIENCE));
    }

    /** Clients that keep their connections and send one request after the other. Fails with the first that fails. */
    static Future<@Nullable Long> load(int port, String path, int clients, Mono<Void> end) {
        ConnectionProvider kept = ConnectionProvider.create("load", clients);
        Mono<String> request = request(HttpClient.create(kept).disableRetry(true), port, path);
        return Flux.range(0, clients)
                .flatMap(client -> request.repeat(), clients)
                .takeUntilOther(end)
                .count()
                .doFinally(signal -> kept.dispose())
                .toFuture();
    }

    private static Mono<String> request(int port, String path) {
        return request(HttpClient.newConnection(), port, path);
    }

    private static Mono<String> request(HttpClient client, int port, String path) {
        return client.get()
                .uri("http://127.0.0.1:" + port + path)
                .responseContent()
                .aggregate()
                .asString();
    }

    /** Asks, many at a time, until so many different answers have come. */
    static Set<String> ask(int port, String path, int answers) {
        Set<String> all = new TreeSet<>();
        Program.eventually(() -> {
            all.addAll(Objects.requireNonNull(Flux.range(0, 24)
                    .flatMap(each -> request(port, path), 24)
                    .collect(Collectors.toSet())
                    .block(Program.PATIENCE)));
            return all.size() >= answers;
        });
        return all;
    }
}
