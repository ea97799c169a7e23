// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.util.List;

/** Cuts the bytes of the peer into frames for a {@link DefaultChannel}, and ends it at the first bad one. */
final class FrameHandler extends ByteToMessageDecoder {

    private final DefaultChannel channel;
    private final int maxFrameBytes;
    private boolean failed;

    FrameHandler(DefaultChannel channel, int maxFrameBytes) {
        this.channel = channel;
        this.maxFrameBytes = maxFrameBytes;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (failed) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (in.readableBytes() < Integer.BYTES) {
            return;
        }
        int length = in.getInt(in.readerIndex());
        if (length < 1 || length > maxFrameBytes) {
            failed = true;
            channel.fail(new ChannelProtocolException(
                    "frame must have 1 to " + maxFrameBytes + " bytes, the peer announced " + length));
            return;
        }
        if (in.readableBytes() - Integer.BYTES >= length) {
            in.skipBytes(Integer.BYTES);
            take(in.readSlice(length));
        }
    }

    private void take(ByteBuf bytes) {
        try {
            channel.received(Frame.read(bytes));
        } catch (ChannelProtocolException e) {
            failed = true;
            channel.fail(e);
        }
    }

    @Override
    protected void decodeLast(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        super.decodeLast(context, in, out);
        if (!failed && in.isReadable()) {
            failed = true;
            channel.fail(new ChannelProtocolException(
                    "the peer closed in the middle of a frame, after " + in.readableBytes() + " of its bytes"));
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) throws Exception {
        super.channelWritabilityChanged(context);
        if (context.channel().isWritable()) {
            channel.writable();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        super.channelInactive(context);
        channel.framesEnded();
    }

    /** A peer that died with unread data resets the connection: the same end as any other. */
    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closing has no outcome that anybody could act on
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            context.close();
        } else {
            failed = true;
            channel.fail(new ChannelProtocolException("reading failed: " + cause));
        }
    }
}
