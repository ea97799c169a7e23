// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.socket.ServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** How a loop waits: a loop without a channel parks, whatever its transport; one with a channel polls it. */
enum Transport {
    PARKED(true),
    EPOLL(true),
    NIO(false);

    private final boolean isNative;

    Transport(boolean isNative) {
        this.isNative = isNative;
    }

    /** Skips the test where it is not there. */
    boolean isNative() {
        assumeTrue(this != EPOLL || Epoll.isAvailable(), "no epoll here");
        return isNative;
    }

    /** On the loop, before the test's own script: the channel neither keeps the loop alive nor is anything sent to it. */
    @SuppressWarnings({"deprecation", "FutureReturnValueIgnored"}) // no channel without the transport's own factory
    void open(EventLoop loop) {
        if (this != PARKED) {
            assertThat(loop.netty().isCompatible(isNative ? EpollIoHandle.class : NioIoHandle.class))
                    .as("%s", this)
                    .isTrue();
            ServerSocketChannel server = loop.resources().onChannel(ServerSocketChannel.class, loop.netty());
            assertThat(loop.netty().register(server).isSuccess()).isTrue();
            assertThat(server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                            .isSuccess())
                    .isTrue();
            loop.handle(server).unref();
        }
    }
}
