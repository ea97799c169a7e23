// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.process.ipc.Invitation;
import io.spindle.testkit.LeakCheck;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.ConnectionProvider;

@ExtendWith(LeakCheck.class)
class RequestCounterTest {

    private static final int TOKEN = 43; // characters

    @Test
    void requestsOfOneConnectionAreCountedInEachProtocol() throws Exception {
        EventLoop loop = EventLoopSpec.of("requests").start();
        Role role = new Role(1, 0, 1, false, Duration.ofSeconds(1), Invitation.of("t".repeat(TOKEN) + "@/nowhere"));
        DefaultWorkerContext worker = new DefaultWorkerContext(role, loop, Fakes.channel());
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .protocol(HttpProtocol.H2C, HttpProtocol.HTTP11)
                .childObserve(worker.requestCounter())
                .handle((request, response) -> response.sendString(Mono.just("here")))
                .bindNow();
        ConnectionProvider one = ConnectionProvider.create("one", 1);
        HttpClient http2 =
                HttpClient.create(one).protocol(HttpProtocol.H2C).baseUrl("http://127.0.0.1:" + server.port());
        try (Socket client = Http1.connect(server.port())) {
            for (int i = 0; i < 2; i++) {
                Http1.ask(client, "/", "");
                Http1.body(Http1.head(client.getInputStream()), client.getInputStream());
            }
            assertThat(worker.connections().requests()).isEqualTo(2);

            Flux.range(0, 3)
                    .flatMap(i ->
                            http2.get().uri("/").responseContent().aggregate().asString())
                    .blockLast(Probe.PATIENCE);
            assertThat(worker.connections().requests()).isEqualTo(5);
        } finally {
            one.disposeLater().block(Probe.PATIENCE);
            server.disposeNow();
            worker.resources().disposeLater(Duration.ZERO, Probe.PATIENCE).block(Probe.PATIENCE);
            loop.disposeGracefully().block(Probe.PATIENCE);
        }
    }
}
