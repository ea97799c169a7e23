// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The second socket of a channel. Its end is not the end of the channel: there may be frames still to be read from the
 * first one, which was closed at the same time.
 */
final class DescriptorHandler extends ChannelInboundHandlerAdapter {

    private final DefaultChannel channel;

    DescriptorHandler(DefaultChannel channel) {
        this.channel = channel;
    }

    /**
     * Closes such a socket, but not while it is read: Netty goes on with the number of what was closed then, which may be
     * that of another's socket already.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // closing has no outcome that anybody could act on
    static void close(EpollDomainSocketChannel socket, IoEventLoop loop) {
        try {
            loop.execute(() -> socket.close());
        } catch (RejectedExecutionException e) {
            socket.close(); // its loop has ended, nothing is read any more
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        channel.descriptor((FileDescriptor) message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        channel.descriptorsEnded();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closing has no outcome that anybody could act on
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
