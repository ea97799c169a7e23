// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads the first bytes of a connection and nothing more; closes it if they are late or wrong. */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class PreambleHandler extends ChannelInboundHandlerAdapter {

    private final DefaultChannelServer server;
    private @Nullable ByteBuf bytes;
    private @Nullable ScheduledFuture<?> patience;

    PreambleHandler(DefaultChannelServer server) {
        this.server = server;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        bytes = context.alloc().buffer(Preamble.LENGTH);
        patience = context.executor().schedule(() -> context.close(), Connector.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf more = (ByteBuf) message;
        ByteBuf all = bytes;
        assert all != null : "handlerAdded comes first";
        try {
            if (more.readableBytes() > Preamble.LENGTH - all.readableBytes()) {
                context.close(); // nothing may follow before READY
            } else if (all.writeBytes(more).readableBytes() < Preamble.LENGTH) {
                context.read();
            } else {
                admit(context, Preamble.read(all));
            }
        } finally {
            more.release();
        }
    }

    private void admit(ChannelHandlerContext context, @Nullable Preamble preamble) {
        EpollDomainSocketChannel socket = (EpollDomainSocketChannel) context.channel();
        if (preamble == null) {
            socket.close();
            return;
        }
        context.pipeline().remove(this);
        server.admit(preamble, socket);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (bytes != null) {
            bytes.release();
            bytes = null;
        }
        if (patience != null) {
            patience.cancel(false);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
