// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.Objects;
import reactor.core.publisher.Mono;

/** Both ends of a channel in one JVM, each on a loop of its own. */
final class Pair implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(20);

    final EventLoop serverLoop = EventLoop.create("ipc-server");
    final EventLoop clientLoop = EventLoop.create("ipc-client");
    final ChannelServer server = get(ChannelServer.bind(serverLoop));

    static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(PATIENCE));
    }

    record Ends(Channel server, Channel client) {}

    Ends connect() {
        Invitation invitation = server.invite();
        Mono<Channel> accepted = server.accept(invitation);
        return get(Mono.zip(accepted, Channel.connect(invitation, clientLoop), Ends::new));
    }

    @Override
    public void close() {
        server.dispose();
        serverLoop.dispose();
        clientLoop.dispose();
        Mono.when(serverLoop.onDispose(), clientLoop.onDispose()).block(PATIENCE);
    }
}
