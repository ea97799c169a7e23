// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.DomainSocketReadMode;
import io.netty.util.concurrent.ScheduledFuture;
import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/** The connecting side: two sockets, a preamble on each, then READY from the other side. */
final class Connector {

    static final long PATIENCE_SECONDS = 20;

    private Connector() {}

    /** Blocks: it loads native code, and classes that take longer than a loop should be held. */
    static void prepare(EventLoop loop) {
        if (!Epoll.isAvailable()) {
            throw new UnsupportedOperationException(
                    "channels between processes need Linux and Netty's epoll transport", Epoll.unavailabilityCause());
        }
        if (!loop.netty().isCompatible(EpollIoHandle.class)) {
            throw new UnsupportedOperationException("channels between processes need a loop with the native transport, "
                    + loop.name() + " was made without");
        }
        ByteBufAllocator.DEFAULT.directBuffer(1).release(); // the first one starts the flight recorder's event types
        Format.prepare();
    }

    static Mono<Channel> connect(Invitation invitation, EventLoop loop) {
        return connect(invitation, loop, channel -> {}).cast(Channel.class);
    }

    /**
     * Connects.
     *
     * @param onReady called before anything else that the peer sends is looked at. Loop only
     */
    static Mono<DefaultChannel> connect(Invitation invitation, EventLoop loop, Consumer<DefaultChannel> onReady) {
        return connect(invitation, loop, onReady, Duration.ofSeconds(PATIENCE_SECONDS));
    }

    /** The same, with another limit for the answer of the server. */
    static Mono<DefaultChannel> connect(
            Invitation invitation, EventLoop loop, Consumer<DefaultChannel> onReady, Duration patience) {
        return Mono.<DefaultChannel>fromRunnable(() -> prepare(loop))
                .subscribeOn(Schedulers.boundedElastic())
                .publishOn(loop)
                .switchIfEmpty(
                        Mono.create(sink -> start(invitation, loop, new Attempt(sink, invitation, onReady, patience))));
    }

    private static void start(Invitation invitation, EventLoop loop, Attempt attempt) {
        EpollDomainSocketChannel frames = new EpollDomainSocketChannel();
        EpollDomainSocketChannel descriptors = new EpollDomainSocketChannel();
        descriptors.config().setReadMode(DomainSocketReadMode.FILE_DESCRIPTORS).setAutoRead(false);
        DefaultChannel channel = new DefaultChannel(loop.netty(), Format.CBOR, frames, descriptors, attempt::connected);
        attempt.channel = channel;
        attempt.timer = loop.netty().schedule(attempt::late, attempt.patience.toNanos(), TimeUnit.NANOSECONDS);
        channel.install();
        open(
                frames,
                new Preamble(Preamble.FRAMES, Format.CBOR, invitation.token()),
                invitation,
                loop,
                channel,
                attempt);
        open(
                descriptors,
                new Preamble(Preamble.DESCRIPTORS, Format.CBOR, invitation.token()),
                invitation,
                loop,
                channel,
                attempt);
        channel.onDispose().subscribe(null, attempt::failed, attempt::refused);
        attempt.sink.onCancel(channel);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a failed write closes the socket, and that is noticed
    private static void open(
            EpollDomainSocketChannel socket,
            Preamble preamble,
            Invitation invitation,
            EventLoop loop,
            DefaultChannel channel,
            Attempt attempt) {
        new Bootstrap()
                .group(loop.netty())
                .channelFactory(() -> socket)
                .handler(nothing())
                .connect(new DomainSocketAddress(invitation.socket().toString()))
                .addListener((ChannelFutureListener) connected -> {
                    if (connected.isSuccess()) {
                        socket.writeAndFlush(preamble.write(socket.alloc()));
                    } else {
                        attempt.failed(connected.cause());
                        channel.dispose();
                    }
                });
    }

    /** A bootstrap wants a handler; the channel has set its own. */
    private static ChannelHandler nothing() {
        return new ChannelInitializer<io.netty.channel.Channel>() {
            @Override
            protected void initChannel(io.netty.channel.Channel socket) {}
        };
    }

    /** What becomes of it, signalled once. Loop only. */
    private static final class Attempt {

        private final MonoSink<DefaultChannel> sink;
        private final Invitation invitation;
        private final Consumer<DefaultChannel> onReady;
        private final Duration patience;
        private @Nullable DefaultChannel channel;
        private @Nullable ScheduledFuture<?> timer;
        private boolean decided;

        Attempt(
                MonoSink<DefaultChannel> sink,
                Invitation invitation,
                Consumer<DefaultChannel> onReady,
                Duration patience) {
            this.sink = sink;
            this.invitation = invitation;
            this.onReady = onReady;
            this.patience = patience;
        }

        void connected() {
            DefaultChannel open = Objects.requireNonNull(channel, "set before it connects");
            decide();
            onReady.accept(open);
            sink.success(open);
        }

        void failed(Throwable error) {
            if (!decided) {
                decide();
                sink.error(error);
            }
        }

        void refused() {
            failed(new ChannelClosedException(
                    "connection to " + invitation.socket() + " was refused: the token is unknown or used"));
        }

        void late() {
            failed(new ChannelClosedException(
                    "connection to " + invitation.socket() + " was not answered within " + patience));
            Objects.requireNonNull(channel, "set before it connects").dispose();
        }

        private void decide() {
            decided = true;
            if (timer != null) {
                timer.cancel(false);
            }
        }
    }
}
