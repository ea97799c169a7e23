// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.Channel;
import io.netty.channel.epoll.AbstractEpollServerChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.ServerSocketChannelConfig;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A TCP server whose socket is the primary's. */
final class SharedServerChannel extends AdoptingChannel implements ServerSocketChannel {

    private final SharedServerConfig config = new SharedServerConfig(this);

    SharedServerChannel(DefaultWorkerContext worker) {
        super(worker);
    }

    @Override
    int backlog() {
        return config.getBacklog();
    }

    @Override
    AbstractEpollServerChannel adopted(int descriptor) {
        return new EpollServerSocketChannel(descriptor);
    }

    @Override
    Channel handed(int descriptor, byte[] client) {
        return new HandedChannel(this, descriptor, HandedAddress.read(client));
    }

    @Override
    public ServerSocketChannelConfig config() {
        return config;
    }

    @Override
    public @Nullable InetSocketAddress localAddress() {
        return (InetSocketAddress) localAddress0();
    }

    @Override
    public @Nullable InetSocketAddress remoteAddress() {
        return null;
    }
}
