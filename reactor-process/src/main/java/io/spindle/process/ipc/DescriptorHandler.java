// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.unix.FileDescriptor;

/**
 * The second socket of a channel. Its end is not the end of the channel: there may be frames still to be read from the
 * first one, which was closed at the same time.
 */
final class DescriptorHandler extends ChannelInboundHandlerAdapter {

    private final DefaultChannel channel;

    DescriptorHandler(DefaultChannel channel) {
        this.channel = channel;
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
