// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.ServerSocketChannelConfig;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A server channel that does not bind: it asks the primary for the socket that listens there, and accepts on its own
 * duplicate of it. To its server it looks like any other. Loop only, once registered.
 *
 * <p>Inside is a stock epoll channel on the adopted descriptor, which is active as soon as it is registered, and so may
 * be registered only when the answer is there; the server wants a channel at once. Hence two.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class SharedServerChannel extends AbstractServerChannel implements ServerSocketChannel {

    private final DefaultWorkerContext worker;
    private final SharedServerConfig config = new SharedServerConfig(this);
    private final Queue<Channel> accepted = new ArrayDeque<>();
    private @Nullable EpollServerSocketChannel inner;
    private boolean wantsRead;
    private volatile @Nullable InetSocketAddress local;
    private volatile boolean open = true;

    SharedServerChannel(DefaultWorkerContext worker) {
        this.worker = worker;
        pipeline().addFirst("spindle-adopt", new Adopt()); // doBind must not wait, a handler may
    }

    /** Answers a bind when the primary has. The promise of Reactor Netty takes no listeners, only results. */
    private final class Adopt extends ChannelOutboundHandlerAdapter {

        @Override
        public void bind(ChannelHandlerContext context, SocketAddress wanted, ChannelPromise promise) {
            worker.adopt((InetSocketAddress) wanted, config.getBacklog())
                    .subscribe(
                            socket -> context.executor().execute(() -> adopted(context, socket, promise)),
                            error -> context.executor().execute(() -> promise.tryFailure(error)));
        }
    }

    private void adopted(ChannelHandlerContext context, DefaultWorkerContext.Adopted socket, ChannelPromise promise) {
        EpollServerSocketChannel channel =
                new EpollServerSocketChannel(socket.descriptor().intValue());
        channel.config().setAutoRead(false);
        channel.pipeline().addLast(new Forward());
        channel.closeFuture().addListener(closed -> close()); // Reactor Netty closes the parent of a connection
        inner = channel;
        if (!open) {
            channel.unsafe().closeForcibly();
            promise.tryFailure(new java.nio.channels.ClosedChannelException());
            return;
        }
        eventLoop().register(channel).addListener(registered -> {
            if (registered.isSuccess()) {
                worker.connections().opened(this);
                context.bind(channel.localAddress(), promise);
                worker.listening(socket.listener());
            } else {
                promise.tryFailure(registered.cause());
            }
        });
    }

    /** Hands connections from the inner channel to this one. */
    private final class Forward extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object connection) {
            accepted.add((Channel) connection);
            worker.connections().accepted((Channel) connection);
            deliver();
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (config.isAutoRead() && worker.connections().isAccepting()) {
                context.read();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            SharedServerChannel.this.pipeline().fireExceptionCaught(cause); // too many open files: it pauses
        }
    }

    /** As any server channel: nothing is fired unless it was asked for. */
    private void deliver() {
        if (!wantsRead || accepted.isEmpty()) {
            return;
        }
        wantsRead = false;
        for (Channel connection = accepted.poll(); connection != null; connection = accepted.poll()) {
            pipeline().fireChannelRead(connection);
        }
        pipeline().fireChannelReadComplete();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof IoEventLoop io && io.isCompatible(EpollIoHandle.class);
    }

    @Override
    protected void doBind(SocketAddress address) {
        local = (InetSocketAddress) address;
    }

    @Override
    protected void doBeginRead() {
        wantsRead = true;
        if (inner != null && worker.connections().isAccepting()) {
            inner.read();
        }
        deliver();
    }

    @Override
    protected void doClose() {
        open = false;
        if (inner != null) {
            inner.close();
        }
        for (Channel connection = accepted.poll(); connection != null; connection = accepted.poll()) {
            connection.unsafe().closeForcibly();
        }
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open && local != null;
    }

    @Override
    public ServerSocketChannelConfig config() {
        return config;
    }

    @Override
    public @Nullable InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public @Nullable InetSocketAddress remoteAddress() {
        return null;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return local;
    }
}
