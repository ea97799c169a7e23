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
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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
    private final HandOff handOff = new HandOff(listener, Balance.roundRobin());

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

    private boolean join(Channel channel) {
        Place place = new Places(RestartPolicy.defaults()).growTo(1).get(0);
        DefaultClusterWorker worker =
                new DefaultClusterWorker(1, 0, place, new Events(), loop, PrimarySpec.create(), Fakes.process());
        worker.advance(WorkerState.READY);
        handOff.join(worker, channel);
        return accepts();
    }

    private boolean accepts() {
        return listener.config().isAutoRead();
    }

    @Test
    void anAcceptThatFailedIsTriedAgainLater() {
        assertThat(onLoop(() -> join(Fakes.channel()))).isTrue();

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
        onLoop(() -> join(channel));
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
