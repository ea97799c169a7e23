// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.Channel;
import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.NettyPipeline;
import reactor.netty.channel.ChannelOperations;

/**
 * The servers of this worker and the connections they have accepted. A drain closes the servers, then looks at the
 * connections again and again: one that was idle at two looks in a row is closed, so that a request which was on the
 * wire when the drain began is still served.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class Connections {

    private static final Duration LOOK = Duration.ofMillis(100);

    private final EventLoop loop;
    private final Set<Channel> servers = ConcurrentHashMap.newKeySet();
    private final Map<Channel, Boolean> idle = new ConcurrentHashMap<>();
    private volatile boolean draining;

    Connections(EventLoop loop) {
        this.loop = loop;
    }

    void opened(Channel server) {
        servers.add(server);
        server.closeFuture().addListener(closed -> servers.remove(server));
        if (draining) {
            server.close();
        }
    }

    void accepted(Channel connection) {
        idle.put(connection, false);
        connection.closeFuture().addListener(closed -> idle.remove(connection));
    }

    /** Completes when no connection is left; what is left after the grace is closed. Signals on the loop. */
    Mono<Void> drain(Duration grace) {
        return Mono.defer(() -> {
            draining = true;
            servers.forEach(Channel::close);
            return Flux.interval(Duration.ZERO, LOOK, loop)
                    .onBackpressureDrop()
                    .doOnNext(turn -> look())
                    .takeUntil(turn -> idle.isEmpty())
                    .then()
                    .timeout(grace, Mono.fromRunnable(() -> idle.keySet().forEach(Channel::close)), loop);
        });
    }

    private void look() {
        idle.forEach((connection, wasIdle) -> {
            if (connection.pipeline().get(NettyPipeline.H2MultiplexHandler) != null) {
                connection.close(); // HTTP/2 says GOAWAY and closes when its streams have ended
            } else if (ChannelOperations.get(connection) != null) {
                idle.replace(connection, false);
            } else if (wasIdle) {
                connection.close();
            } else {
                idle.replace(connection, true);
            }
        });
    }
}
