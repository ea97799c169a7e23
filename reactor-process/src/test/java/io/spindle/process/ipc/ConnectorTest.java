// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.PrivateDirectories;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.test.StepVerifier;

@ExtendWith({BadPeerTest.WarmUp.class, LeakCheck.class})
class ConnectorTest {

    private static final Duration GUARD = Duration.ofSeconds(20);

    @Test
    void aServerThatDoesNotAnswerIsToldApartFromOneThatRefuses(@TempDir Path directory) throws IOException {
        Invitation invitation = new Invitation(directory.resolve("silent"), "x".repeat(Preamble.TOKEN_BYTES));
        EventLoop loop = EventLoop.create("connecting");

        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(invitation.socket()));
            StepVerifier.create(Connector.connect(invitation, loop, channel -> {}, Duration.ofMillis(200)))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(ChannelClosedException.class)
                            .hasMessageContaining("silent was not answered within PT0.2S"))
                    .verify(GUARD);
        }

        loop.dispose();
        loop.onDispose().block(GUARD);
    }

    /**
     * Each cancel hits another moment of it: before, while and after the directory is made, and during the binding. The
     * subscriber takes what comes in the moment of its cancel, too, which most of Reactor's drop.
     */
    @Test
    void aServerThatIsCancelledWhileItBindsLeavesNoDirectory() {
        EventLoop loop = EventLoop.create("binding");
        Set<Path> before = PrivateDirectories.ofThisJvm();

        for (int i = 0; i < 2_000; i++) {
            Disposable binding = ChannelServer.bind(loop).subscribeWith(new BaseSubscriber<>() {
                @Override
                protected void hookOnNext(ChannelServer server) {
                    server.dispose();
                }
            });
            Spin.during(Duration.ofNanos(400L * i));
            binding.dispose();
        }

        Spin.until(() -> before.containsAll(PrivateDirectories.ofThisJvm()));
        loop.dispose();
        loop.onDispose().block(GUARD);
    }
}
