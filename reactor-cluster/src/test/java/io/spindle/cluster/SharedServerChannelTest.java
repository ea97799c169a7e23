// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.process.ipc.Invitation;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class SharedServerChannelTest {

    private static final int TOKEN = 43; // characters

    /** As when too many files are open: it has been told to rest, and then its worker drains. */
    @Test
    void whatWasAcceptedIsDeliveredBeforeAServerThatRestsIsClosed() throws Exception {
        EventLoop loop = EventLoopSpec.of("server").start();
        Role role = new Role(1, 0, 1, false, Duration.ofSeconds(1), Invitation.of("t".repeat(TOKEN) + "@/nowhere"));
        DefaultWorkerContext worker = new DefaultWorkerContext(role, loop, Fakes.channel());
        SharedServerChannel server = new SharedServerChannel(worker);
        server.config().setAutoRead(false);
        Queue<Object> delivered = new ConcurrentLinkedQueue<>();
        server.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object connection) {
                delivered.add(connection);
            }
        });
        EventLoopGroup group = loop.netty();
        group.register(server).sync();
        Channel connection = new EmbeddedChannel();
        server.eventLoop().submit(() -> server.arrived(connection)).sync();
        assertThat(delivered).as("it has not asked for it").isEmpty();

        server.close().sync();

        assertThat(delivered).containsExactly(connection);
        assertThat(connection.isOpen()).isTrue();
        connection.close().sync();
        worker.resources().disposeLater(Duration.ZERO, Probe.PATIENCE).block(Probe.PATIENCE);
        loop.disposeGracefully().block(Probe.PATIENCE);
    }
}
