// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.Channel;
import io.netty.channel.IoHandle;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;

/** An open channel as a handle, kept with the channel. Which channels do not count is {@link NettyLoop}'s to know. */
final class ChannelHandle implements Handle {

    private static final AttributeKey<ChannelHandle> KEY = AttributeKey.valueOf(ChannelHandle.class, "handle");

    private final DefaultEventLoop loop;
    private final Channel channel;
    private volatile boolean unreferenced;

    private ChannelHandle(DefaultEventLoop loop, Channel channel) {
        this.loop = loop;
        this.channel = channel;
    }

    static Handle of(DefaultEventLoop loop, Channel channel) {
        boolean here = channel.isRegistered() && channel.eventLoop().equals(loop.netty());
        if (!(channel.unsafe() instanceof IoHandle) || (!here && channel.isOpen())) {
            throw new IllegalArgumentException(
                    "channel must be a socket that is registered with loop " + loop.name() + ", was " + channel);
        }
        Attribute<ChannelHandle> attribute = channel.attr(KEY);
        ChannelHandle handle = new ChannelHandle(loop, channel);
        ChannelHandle before = attribute.setIfAbsent(handle);
        if (before != null) {
            return before;
        }
        channel.closeFuture()
                .addListener(closed -> loop.onLoop(() -> loop.nettyLoop().forget(channel)));
        return handle;
    }

    @Override
    public Handle ref() {
        return reference(true);
    }

    @Override
    public Handle unref() {
        return reference(false);
    }

    private Handle reference(boolean reference) {
        unreferenced = !reference;
        loop.onLoop(() -> loop.nettyLoop().referenceChannel(channel, !unreferenced));
        return this;
    }

    @Override
    public boolean hasRef() {
        return !unreferenced;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // isDisposed() tells
    public void dispose() {
        channel.close();
    }

    @Override
    public boolean isDisposed() {
        return !channel.isOpen();
    }

    @Override
    public String toString() {
        return "Channel";
    }
}
