// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.process.ipc.Channel;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What the primary does with connections, without processes. */
@ExtendWith(LeakCheck.class)
class HandOffRulesTest {

    private static final Duration POLL = Duration.ofMillis(20);

    private final EventLoop loop = EventLoopSpec.of("hand-off").start();
    private final EpollServerSocketChannel listener = new EpollServerSocketChannel();
    private volatile Balance balance = Balance.roundRobin();
    private final HandOff handOff = new HandOff(listener, (client, candidates) -> balance.choose(client, candidates));

    @BeforeEach
    void bind() throws Exception {
        listener.config().setAutoRead(false);
        EventLoopGroup group = loop.netty();
        group.register(listener).sync();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync();
    }

    @AfterEach
    void stop() throws Exception {
        listener.close().sync();
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    private <T> T onLoop(Callable<T> task) {
        return Mono.fromCallable(task)
                .subscribeOn(loop)
                .blockOptional(Probe.PATIENCE)
                .orElseThrow();
    }

    private boolean join(int slot, Channel channel) {
        Place place = new Places(RestartPolicy.defaults()).growTo(slot + 1).get(slot);
        DefaultClusterWorker worker =
                new DefaultClusterWorker(1, 0, place, new Events(), loop, PrimarySpec.create(), Fakes.process());
        worker.advance(WorkerState.READY);
        handOff.join(worker, channel);
        return accepts();
    }

    private boolean accepts() {
        return listener.config().isAutoRead();
    }

    /** Gives connections that stay open to workers that take theirs as they say, and returns how many each got. */
    private List<Integer> spread(int connections, List<Mono<Void>> taking) throws Exception {
        CountDownLatch given = new CountDownLatch(connections);
        List<AtomicInteger> counts = new ArrayList<>();
        for (int i = 0; i < taking.size(); i++) {
            int slot = i;
            AtomicInteger count = new AtomicInteger();
            counts.add(count);
            Channel channel = Fakes.channel(taking.get(slot).doOnSubscribe(one -> {
                count.incrementAndGet();
                given.countDown();
            }));
            onLoop(() -> join(slot, channel));
        }
        List<Socket> clients = new ArrayList<>();
        try {
            for (int i = 0; i < connections; i++) {
                clients.add(new Socket(
                        InetAddress.getLoopbackAddress(),
                        listener.localAddress().getPort()));
            }
            assertThat(given.await(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
        return counts.stream().map(AtomicInteger::get).toList();
    }

    /** The same with two, the first of which takes nothing. */
    private List<Integer> spreadWithOneBlocked(int connections) throws Exception {
        Sinks.Empty<Void> never = Sinks.empty();
        List<Integer> counts = spread(connections, List.of(never.asMono(), Mono.empty()));
        onLoop(() -> {
            handOff.close();
            return never.tryEmitError(new IOException("the worker has gone")); // so that the primary's duplicates close
        });
        return counts;
    }

    @Test
    @DisplayName("O-68: round robin gives four idle workers ten each of 40 connections")
    void roundRobinIsEven() throws Exception {
        assertThat(spread(40, Collections.nCopies(4, Mono.empty()))).containsExactly(10, 10, 10, 10);
    }

    @Test
    @DisplayName("O-69 differs: round robin passes over a worker that takes nothing once it has 16")
    void roundRobinPassesOverWhoTakesNothing() throws Exception {
        assertThat(spreadWithOneBlocked(40)).containsExactly(16, 24);
    }

    @Test
    @DisplayName("O-69: with a balance that chooses who has taken all, a worker that takes nothing gets 1, the other 9")
    void aBalanceSeesWhoTakesNothing() throws Exception {
        balance = (client, candidates) -> candidates.stream()
                .filter(each -> each.waiting() == 0)
                .findFirst()
                .orElse(candidates.get(0));

        assertThat(spreadWithOneBlocked(10)).containsExactly(1, 9);
    }

    @Test
    @DisplayName("O-70: with a balance that limits connections to 1 and 9, ten open ones are spread so")
    void aBalanceLimitsConnections() throws Exception {
        balance = (client, candidates) -> candidates.stream()
                .filter(each -> each.connections() < (each.worker().slot() == 0 ? 1 : 9))
                .findFirst()
                .orElse(candidates.get(0));

        assertThat(spread(10, Collections.nCopies(2, Mono.empty()))).containsExactly(1, 9);
    }

    @Test
    void anAcceptThatFailedIsTriedAgainLater() {
        assertThat(onLoop(() -> join(0, Fakes.channel()))).isTrue();

        boolean afterwards = onLoop(() -> {
            listener.pipeline().fireExceptionCaught(new IOException("accept(..) failed: Too many open files"));
            listener.pipeline().fireExceptionCaught(new IOException("accept(..) failed: Too many open files"));
            handOff.refresh();
            return accepts();
        });
        assertThat(afterwards).as("it would fail again at once").isFalse();

        Flux.interval(POLL, loop)
                .onBackpressureDrop()
                .takeUntil(turn -> accepts())
                .blockLast(Probe.PATIENCE);
    }

    @Test
    void aConnectionThatComesBackAfterTheEndIsClosed() throws IOException {
        Sinks.Empty<Void> taken = Sinks.empty();
        Sinks.Empty<Void> given = Sinks.empty();
        Channel channel = Fakes.channel(taken.asMono().doOnSubscribe(subscription -> given.tryEmitEmpty()));
        onLoop(() -> join(0, channel));
        try (Socket client = new Socket(
                InetAddress.getLoopbackAddress(), listener.localAddress().getPort())) {
            client.setSoTimeout((int) Probe.PATIENCE.toMillis());
            given.asMono().block(Probe.PATIENCE);

            onLoop(() -> {
                handOff.close();
                return taken.tryEmitError(new IOException("the worker has gone"));
            });

            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }
}
