// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.Channel;
import io.netty.channel.IoHandle;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;

/** An open channel as a handle, kept with the channel. Which channels do not count {@link ReferencedChannels} knows. */
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
        while (true) {
            ChannelHandle before = attribute.get();
            if (before != null && before.loop.equals(loop)) {
                return before;
            }
            ChannelHandle handle = new ChannelHandle(loop, channel);
            if (attribute.compareAndSet(before, handle)) {
                channel.closeFuture().addListener(closed -> loop.onLoop(handle::forget));
                if (before != null) {
                    handle.follow(before);
                }
                return handle;
            }
        }
    }

    /** The channel has left the loop of its handle: what was said of it holds here too. */
    private void follow(ChannelHandle before) {
        before.loop.onLoop(before::forget);
        if (before.unreferenced) {
            unref();
        }
    }

    private void forget() {
        loop.nettyLoop().referencedChannels().forget(channel);
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
        loop.onLoop(() -> loop.nettyLoop().referencedChannels().reference(channel, !unreferenced));
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
