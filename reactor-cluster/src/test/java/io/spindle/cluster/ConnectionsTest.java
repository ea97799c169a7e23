// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

@ExtendWith(LeakCheck.class)
class ConnectionsTest {

    private static final int CONNECTIONS = 300;
    private static final int LIMIT = 30;
    private static final int SEEN_IDLE = 3; // looks after which the shortest patience is over

    @Test
    void idleConnectionsAreClosedOneAfterTheOther() {
        Map<EmbeddedChannel, Connections.Farewell> open = new LinkedHashMap<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            open.put(new EmbeddedChannel(), new Connections.Farewell());
        }

        Map<Integer, Integer> closedAt = new TreeMap<>();
        for (int look = 1; !open.isEmpty(); look++) {
            open.forEach((connection, farewell) -> look(connection, farewell, LIMIT));
            int before = open.size();
            open.keySet().removeIf(connection -> !connection.isOpen());
            if (before > open.size()) {
                closedAt.put(look, before - open.size());
            }
        }

        assertThat(closedAt.keySet())
                .as("not before half of the time, not after all of it")
                .allMatch(look -> look > LIMIT / 2 && look <= LIMIT + 1);
        assertThat(closedAt.values())
                .as("a look closes a sixteenth on average")
                .hasSizeGreaterThan(LIMIT / 4)
                .allMatch(closed -> closed < CONNECTIONS / 4);
    }

    @Test
    void theShortestLimitStillWaitsForOneLook() {
        EmbeddedChannel connection = new EmbeddedChannel();
        Connections.Farewell farewell = new Connections.Farewell();

        look(connection, farewell, 1);
        assertThat(connection.isOpen()).isTrue();
        look(connection, farewell, 1);
        assertThat(connection.isOpen()).isFalse();
    }

    private static void look(EmbeddedChannel connection, Connections.Farewell farewell, int limit) {
        farewell.look(connection, Duration.ZERO, limit);
        nextTurn(connection);
    }

    private static void nextTurn(EmbeddedChannel connection) {
        connection.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        connection.runPendingTasks();
    }

    @Test
    void looksThatABusyLoopHasMissedAreOne() {
        EmbeddedChannel connection = new EmbeddedChannel();
        AtomicInteger said = new AtomicInteger();
        Connections.Farewell farewell = farewell(said::incrementAndGet, () -> true);

        for (int i = 0; i < LIMIT; i++) {
            farewell.post(connection, Duration.ZERO, LIMIT);
        }
        connection.runPendingTasks();
        assertThat(said).hasValue(1);

        farewell.post(connection, Duration.ZERO, LIMIT);
        connection.runPendingTasks();
        assertThat(said).hasValue(2);
    }

    @Test
    void aRequestThatIsReadAfterTheLastLookIsServed() {
        EmbeddedChannel connection = new EmbeddedChannel();
        AtomicBoolean idle = new AtomicBoolean(true);
        Connections.Farewell farewell = farewell(() -> {}, idle::get);
        look(connection, farewell, 1);

        farewell.look(connection, Duration.ZERO, 1);
        idle.set(false);
        nextTurn(connection);
        assertThat(connection.isOpen()).isTrue();

        idle.set(true);
        look(connection, farewell, 1);
        assertThat(connection.isOpen()).as("its patience begins anew").isTrue();
        look(connection, farewell, 1);
        assertThat(connection.isOpen()).isFalse();
    }

    private static Connections.Farewell farewell(Runnable look, BooleanSupplier idle) {
        return new Connections.Farewell() {
            @Override
            boolean say(Channel connection, Duration grace) {
                look.run();
                return idle.getAsBoolean();
            }
        };
    }

    /** The loop stands still for longer than any patience; the request is there when it turns again. */
    @Test
    void aRequestThatComesWhileItsLoopStandsStillIsAnswered() throws IOException {
        EventLoop loop = EventLoopSpec.of("connections").start();
        LoopResources loops = LoopResources.create("standing", 1, true);
        Connections connections = new Connections(loop);
        DisposableServer server = HttpServer.create()
                .runOn(loops)
                .host("127.0.0.1")
                .port(0)
                .doOnConnection(connection -> connections.accepted(connection.channel()))
                .handle((request, response) -> response.sendString(Mono.just("here")))
                .bindNow();
        try (Socket client = Http1.connect(server.port())) {
            ask(client);
            CountDownLatch standing = new CountDownLatch(1);
            CountDownLatch enough = new CountDownLatch(1);
            loops.onServer(true).next().execute(() -> {
                standing.countDown();
                Spin.until(enough);
            });
            Spin.until(standing);
            AtomicReference<Throwable> end = new AtomicReference<>();
            connections.drain(Probe.PATIENCE, DrainTimes.LOOK).subscribeOn(loop).subscribe(null, end::set);
            Flux.interval(DrainTimes.LOOK, loop).take(2 + SEEN_IDLE).blockLast(Probe.PATIENCE);
            Http1.ask(client, "/", "");
            enough.countDown();

            String last = Http1.head(client.getInputStream());
            assertThat(last).startsWith("HTTP/1.1 200 OK").contains("connection: close");
            assertThat(end).hasValue(null);
        } finally {
            server.disposeNow();
            loops.disposeLater(Duration.ZERO, Probe.PATIENCE).block(Probe.PATIENCE);
            loop.disposeGracefully().block(Probe.PATIENCE);
        }
    }

    private static void ask(Socket client) throws IOException {
        Http1.ask(client, "/", "");
        Http1.body(Http1.head(client.getInputStream()), client.getInputStream());
    }
}
