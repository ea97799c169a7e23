// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.unix.DomainDatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Listens where a service manager would. */
final class NotifyServer implements AutoCloseable {

    private final EventLoop loop = EventLoopSpec.of("service-manager").start();
    private final EpollDomainDatagramChannel socket = new EpollDomainDatagramChannel();
    private final BlockingQueue<String> notices = new LinkedBlockingQueue<>();

    /** Binds; a name that begins with a zero byte is abstract. */
    NotifyServer(String address) {
        socket.pipeline().addLast(new SimpleChannelInboundHandler<DomainDatagramPacket>() {
            @Override
            protected void channelRead0(ChannelHandlerContext context, DomainDatagramPacket packet) {
                notices.add(packet.content().toString(StandardCharsets.UTF_8));
            }
        });
        EventLoopGroup group = loop.netty();
        group.register(socket).syncUninterruptibly();
        socket.bind(new DomainSocketAddress(address)).syncUninterruptibly();
    }

    /** Waits for the next notice with a line that begins so, and returns all its lines. */
    List<String> await(String line) {
        return Probe.await(notices, notice -> notice.lines().anyMatch(each -> each.startsWith(line)), line)
                .lines()
                .toList();
    }

    @Override
    public void close() {
        socket.close().syncUninterruptibly();
        loop.disposeGracefully().block(Probe.PATIENCE);
    }
}
