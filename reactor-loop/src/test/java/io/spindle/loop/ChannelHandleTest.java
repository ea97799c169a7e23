// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.channel.embedded.EmbeddedChannel;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/** Sockets keep a program alive, unless they are told not to. */
@ParameterizedClass(name = "native transport: {0}")
@ValueSource(booleans = {true, false})
@ExtendWith(LeakCheck.class)
class ChannelHandleTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Parameter
    boolean nativeTransport;

    private final List<String> log = new CopyOnWriteArrayList<>();
    private EventLoop other = EventLoop.shared();

    @BeforeEach
    void startAnotherLoop() {
        other = EventLoopSpec.of("other").nativeTransport(nativeTransport).start();
    }

    @AfterEach
    void stop() {
        other.dispose();
        other.onDispose().block(LIMIT);
    }

    private void run(Consumer<EventLoop> program) {
        EventLoopSpec.of("main").nativeTransport(nativeTransport).run(program);
    }

    /** Runs a program with a connection to another loop; whatever is left at its end is closed by the loop. */
    private void connected(BiConsumer<EventLoop, Connection> program) {
        DisposableServer server = TcpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(other.resources())
                .handle((in, out) -> out.neverComplete())
                .bindNow(LIMIT);
        run(loop -> loop.adopt(TcpClient.newConnection()
                        .host("127.0.0.1")
                        .port(server.port())
                        .runOn(loop.resources())
                        .connect())
                .subscribe(connection -> program.accept(loop, connection)));
        server.disposeNow(LIMIT);
    }

    /** Runs only if something else keeps the loop alive. */
    private void later(EventLoop loop, Runnable task) {
        loop.setTimeout(Duration.ofMillis(20), task).unref();
    }

    @Test
    void anIdleConnectionKeepsTheLoopAliveUntilItIsUnreferenced() {
        connected((loop, connection) -> later(loop, () -> {
            log.add("alive " + loop.metrics().resources());
            loop.handle(connection.channel()).unref();
            log.add("let go " + loop.metrics().resources() + loop.metrics().channels());
            later(loop, () -> log.add("never"));
        }));

        assertThat(log).containsExactly("alive [Channel]", "let go []1");
    }

    @Test
    void aReferenceCanBeTakenAgain() {
        connected((loop, connection) -> {
            Handle handle = loop.handle(connection.channel());
            assertThat(handle.hasRef()).isTrue();
            assertThat(handle.unref().hasRef()).isFalse();
            assertThat(handle.ref().hasRef()).isTrue();
            later(loop, () -> {
                log.add("alive");
                handle.dispose();
            });
        });

        assertThat(log).containsExactly("alive");
    }

    @Test
    void anUnreferencedServerDoesNotKeepTheLoopAlive() {
        int[] port = new int[1];
        run(loop -> loop.adopt(TcpServer.create()
                        .host("127.0.0.1")
                        .port(0)
                        .runOn(loop.resources())
                        .bind())
                .subscribe(server -> {
                    port[0] = server.port();
                    loop.handle(server.channel()).unref();
                    later(loop, () -> log.add("never"));
                }));

        assertThat(log).isEmpty();
        TcpServer.create()
                .host("127.0.0.1")
                .port(port[0])
                .runOn(other.resources())
                .bindNow(LIMIT)
                .disposeNow(LIMIT);
    }

    @Test
    void anUnreferencedConnectionThatIsClosedLeavesTheOthersTheirReferences() {
        connected((loop, connection) -> {
            Handle handle = loop.handle(connection.channel());
            assertThat(loop.handle(connection.channel())).isSameAs(handle);
            handle.unref();
            loop.adopt(TcpServer.create()
                            .host("127.0.0.1")
                            .port(0)
                            .runOn(loop.resources())
                            .bind())
                    .subscribe(server -> {
                        handle.dispose();
                        later(loop, () -> {
                            handle.unref();
                            log.add(handle.isDisposed() + " " + loop.metrics().resources());
                            server.dispose();
                        });
                    });
        });

        assertThat(log).containsExactly("true [Channel]");
    }

    @Test
    void onlySocketsOfTheLoopAreItsHandles() {
        EmbeddedChannel embedded = new EmbeddedChannel();
        connected((loop, connection) -> {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> other.handle(connection.channel()))
                    .withMessageContaining("channel must be a socket that is registered with loop other, was ");
            assertThatIllegalArgumentException().isThrownBy(() -> loop.handle(embedded));
            log.add("refused");
            connection.dispose();
        });

        assertThat(log).containsExactly("refused");
        assertThat(embedded.close().isSuccess()).isTrue();
    }

    @Test
    void theIdleConnectionOfAnHttpClientLetsTheProgramEnd() {
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(other.resources())
                .handle((request, response) -> response.sendString(Mono.just("hello")))
                .bindNow(LIMIT);
        ConnectionProvider connections = ConnectionProvider.create("idle", 1);
        run(loop -> {
            HttpClient client = HttpClient.create(connections)
                    .baseUrl("http://127.0.0.1:" + server.port())
                    .runOn(loop.resources())
                    .doOnRequest((request, connection) ->
                            loop.handle(connection.channel()).ref())
                    .doAfterResponseSuccess((response, connection) ->
                            loop.handle(connection.channel()).unref());
            Mono<String> get = client.get().responseContent().aggregate().asString();
            loop.adopt(get.concatWith(get)
                            .concatWith(Mono.delay(Duration.ofMillis(10), loop).then(get)))
                    .subscribe(log::add, error -> log.add(error.toString()), () -> log.add("end"));
        });

        assertThat(log).containsExactly("hello", "hello", "hello", "end");
        connections.disposeLater().block(LIMIT);
        server.disposeNow(LIMIT);
    }
}
