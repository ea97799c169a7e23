// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.AbstractEpollServerChannel;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A server channel that does not bind: it asks the primary how it listens there, and gets its connections from a
 * {@link Source}. To its server it looks like any other. Loop only, once registered.
 *
 * <p>Where it accepts by itself, inside is a stock epoll channel on the adopted descriptor, which is active as soon as it is registered, and so may
 * be registered only when the answer is there; the server wants a channel at once. Hence two.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
abstract class AdoptingChannel extends AbstractServerChannel {

    private final DefaultWorkerContext worker;
    private final Queue<Channel> accepted = new ArrayDeque<>();
    private @Nullable Source source;
    private boolean wantsRead;
    private volatile @Nullable SocketAddress local;
    private volatile boolean open = true;

    AdoptingChannel(DefaultWorkerContext worker) {
        this.worker = worker;
        pipeline().addFirst("spindle-adopt", new Adopt()); // doBind must not wait, a handler may
    }

    /** How many connections may wait. */
    abstract int backlog();

    /** Returns the stock channel of a descriptor that listens. */
    abstract AbstractEpollServerChannel adopted(int descriptor);

    /**
     * Returns the channel of a connection that the primary has accepted.
     *
     * @param client what {@link HandedAddress} has written
     */
    abstract Channel handed(int descriptor, byte[] client);

    /** Answers a bind when the primary has. The promise of Reactor Netty takes no listeners, only results. */
    private final class Adopt extends ChannelOutboundHandlerAdapter {

        @Override
        public void bind(ChannelHandlerContext context, SocketAddress wanted, ChannelPromise promise) {
            worker.adopt(wanted, backlog())
                    .subscribe(
                            socket -> context.executor().execute(() -> adopted(context, socket, promise)),
                            error -> context.executor().execute(() -> promise.tryFailure(error)));
        }
    }

    private void adopted(ChannelHandlerContext context, DefaultWorkerContext.Adopted adopted, ChannelPromise promise) {
        if (!open) {
            adopted.discard();
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        Control.Listener listener = adopted.listener();
        SocketAddress address = ListenAddress.of(listener.host(), listener.port());
        Runnable bound = () -> {
            worker.connections().opened(this, source == null ? Mono.empty() : source.leave());
            worker.listening(listener); // first: the bind lets the program return, and then it is ready
            context.bind(address, promise);
            worker.serves();
        };
        Connections connections = worker.connections();
        switch (listener.mode()) {
            case SHARED -> register(adopted(adopted.descriptorNumber()), connections::acceptsFromAll, bound, promise);
            case REUSE_PORT -> {
                EpollServerSocketChannel socket = new EpollServerSocketChannel();
                socket.config().setReusePort(true);
                socket.config().setBacklog(backlog());
                register(
                        socket,
                        connections::acceptsFromOwn,
                        () -> socket.bind(address).addListener(done -> {
                            if (done.isSuccess()) {
                                bound.run();
                            } else {
                                promise.tryFailure(done.cause());
                            }
                        }),
                        promise);
            }
            case HAND_OFF -> {
                HandedSource handed = new HandedSource(this, adopted.channel());
                source = handed;
                bound.run();
                handed.start();
            }
        }
    }

    private void register(
            AbstractEpollServerChannel socket, BooleanSupplier accepts, Runnable registered, ChannelPromise promise) {
        source = new Source.Accepting(this, socket, accepts); // Reactor Netty closes the parent of a connection
        eventLoop().register(socket).addListener(done -> {
            if (done.isSuccess()) {
                registered.run();
            } else {
                promise.tryFailure(done.cause());
            }
        });
    }

    /** A connection is there. On the loop. */
    void arrived(Channel connection) {
        accepted.add(connection);
        worker.connections().accepted(connection);
        deliver();
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
        local = address;
    }

    @Override
    protected void doBeginRead() {
        wantsRead = true;
        if (source != null) {
            source.read();
        }
        deliver();
    }

    /** What was accepted is served, though the server may not have asked for it yet: nobody else can. */
    @Override
    protected void doClose() {
        wantsRead = true;
        deliver();
        open = false;
        if (source != null) {
            source.close();
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
    protected @Nullable SocketAddress localAddress0() {
        return local;
    }
}
