// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.AbstractEpollServerChannel;
import java.util.function.BooleanSupplier;
import reactor.core.publisher.Mono;

/** Where the connections of a server come from. On the loop of the server only, unless said otherwise. */
interface Source {

    /** The server wants more. */
    void read();

    /** Asks for no more; completes when what was on its way is there. Any thread. */
    Mono<Void> leave();

    void close();

    /** A socket of this process that listens: the primary's, or one of its own. */
    @SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
    final class Accepting implements Source {

        private final AdoptingChannel server;
        private final AbstractEpollServerChannel socket;
        private final BooleanSupplier accepts;

        Accepting(AdoptingChannel server, AbstractEpollServerChannel socket, BooleanSupplier accepts) {
            this.server = server;
            this.socket = socket;
            this.accepts = accepts;
            socket.config().setAutoRead(false);
            socket.pipeline().addLast(new Forward());
            socket.closeFuture().addListener(closed -> server.close());
        }

        @Override
        public void read() {
            if (accepts.getAsBoolean()) {
                socket.read();
            }
        }

        @Override
        public Mono<Void> leave() {
            return Mono.empty();
        }

        @Override
        public void close() {
            socket.close();
        }

        /** Hands connections from the socket to the server. */
        private final class Forward extends ChannelInboundHandlerAdapter {

            @Override
            public void channelRead(ChannelHandlerContext context, Object connection) {
                server.arrived((Channel) connection);
            }

            @Override
            public void channelReadComplete(ChannelHandlerContext context) {
                if (server.config().isAutoRead()) {
                    read();
                }
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                server.pipeline().fireExceptionCaught(cause); // too many open files: it pauses
            }
        }
    }
}
