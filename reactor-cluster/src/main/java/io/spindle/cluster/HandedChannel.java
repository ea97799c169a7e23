// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.epoll.AbstractEpollStreamChannel;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;

/** A connection that the primary has accepted: what an {@code EpollSocketChannel} of a descriptor is not, with a parent. */
final class HandedChannel extends AbstractEpollStreamChannel implements SocketChannel {

    private final HandedConfig config;

    HandedChannel(ServerSocketChannel parent, int descriptor, InetSocketAddress client) {
        super(parent, LinuxSocket.newSocket(descriptor), client);
        this.config = new HandedConfig(this);
    }

    LinuxSocket socket() {
        return socket;
    }

    @Override
    public HandedConfig config() {
        return config;
    }

    @Override
    public ServerSocketChannel parent() {
        return (ServerSocketChannel) super.parent();
    }

    @Override
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) super.localAddress();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return (InetSocketAddress) super.remoteAddress();
    }
}
