// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DefaultServerSocketChannelConfig;
import io.netty.channel.socket.ServerSocketChannelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;

/**
 * The options of a server whose socket belongs to the primary: they are remembered, not set, for they would change the
 * socket of all workers. The backlog goes to the primary with the first bind.
 */
final class SharedServerConfig extends DefaultServerSocketChannelConfig {

    private volatile int receiveBuffer;

    SharedServerConfig(SharedServerChannel channel) {
        super(channel, unused());
    }

    /** The stock configuration wants one; unbound it has no descriptor. */
    private static ServerSocket unused() {
        try {
            return new ServerSocket();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        return option.equals(ChannelOption.SO_REUSEADDR) || super.setOption(option, value);
    }

    @Override
    public boolean isReuseAddress() {
        return true;
    }

    @Override
    public ServerSocketChannelConfig setReuseAddress(boolean reuseAddress) {
        return this;
    }

    @Override
    public int getReceiveBufferSize() {
        return receiveBuffer;
    }

    @Override
    public ServerSocketChannelConfig setReceiveBufferSize(int receiveBufferSize) {
        receiveBuffer = receiveBufferSize;
        return this;
    }

    @Override
    public ServerSocketChannelConfig setPerformancePreferences(int connectionTime, int latency, int bandwidth) {
        return this;
    }
}
