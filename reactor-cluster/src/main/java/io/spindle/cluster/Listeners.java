// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.Reply;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The listening sockets. The primary binds them, never accepts, and gives every worker that asks a duplicate: nothing
 * that waits in the backlog is lost while one holder is left, and the primary is always one. Loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class Listeners {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final EventLoop loop;
    private final Map<Control.Listen, Socket> sockets = new HashMap<>();

    /** One socket; the answer is there when it is bound or could not be. */
    private record Socket(EpollServerSocketChannel channel, Sinks.One<Control.Listener> answer) {

        Mono<Reply> reply() {
            return answer.asMono()
                    .map(listener ->
                            listener.error().isEmpty() ? Reply.of(listener, channel.fd()) : Reply.of(listener));
        }
    }

    Listeners(EventLoop loop) {
        this.loop = loop;
    }

    Mono<Reply> listen(Control.Listen request) {
        Socket known = sockets.get(request.key());
        return (known != null ? known : open(request)).reply();
    }

    private Socket open(Control.Listen request) {
        EpollServerSocketChannel channel = new EpollServerSocketChannel();
        channel.config().setAutoRead(false);
        channel.config().setOption(ChannelOption.SO_REUSEADDR, true);
        channel.config().setBacklog(request.backlog());
        Socket socket = new Socket(channel, Sinks.one());
        sockets.put(request.key(), socket);
        EventLoopGroup group = loop.netty();
        group.register(channel);
        channel.bind(new InetSocketAddress(request.host(), request.port())).addListener((ChannelFutureListener)
                bound -> {
                    if (bound.isSuccess()) {
                        InetSocketAddress address = channel.localAddress();
                        log.debug("listening on {}", address);
                        socket.answer.tryEmitValue(
                                new Control.Listener(address.getAddress().getHostAddress(), address.getPort(), ""));
                    } else {
                        sockets.remove(request.key()); // so that a later attempt may succeed
                        channel.close();
                        socket.answer.tryEmitValue(
                                new Control.Listener(request.host(), request.port(), reason(bound.cause())));
                    }
                });
        return socket;
    }

    private static String reason(Throwable cause) {
        String text = Objects.toString(cause.getMessage(), cause.toString());
        return text.contains("in use") ? "Address already in use" : text;
    }

    void close() {
        sockets.values().forEach(socket -> socket.channel.close());
        sockets.clear();
    }
}
