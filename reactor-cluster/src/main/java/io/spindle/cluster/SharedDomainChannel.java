// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.epoll.AbstractEpollServerChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.ServerDomainSocketChannel;
import org.jspecify.annotations.Nullable;

/** A server on a Unix-domain socket that is the primary's, as is its file. */
final class SharedDomainChannel extends AdoptingChannel implements ServerDomainSocketChannel {

    private final SharedDomainConfig config = new SharedDomainConfig(this);

    SharedDomainChannel(DefaultWorkerContext worker) {
        super(worker);
    }

    @Override
    int backlog() {
        return config.backlog();
    }

    /** One that is not bound here has no address, so that its close leaves the file alone. */
    @Override
    AbstractEpollServerChannel adopted(int descriptor) {
        return new EpollServerDomainSocketChannel(descriptor, true);
    }

    @Override
    Channel handed(int descriptor, byte[] client) {
        return new EpollDomainSocketChannel(this, LinuxSocket.newSocket(descriptor));
    }

    @Override
    public FileDescriptor fd() {
        throw new UnsupportedOperationException("the socket at " + localAddress0() + " is the primary's");
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public @Nullable DomainSocketAddress localAddress() {
        return (DomainSocketAddress) localAddress0();
    }

    @Override
    public @Nullable DomainSocketAddress remoteAddress() {
        return null;
    }
}
