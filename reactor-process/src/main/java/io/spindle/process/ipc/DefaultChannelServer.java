// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.DomainSocketReadMode;
import io.spindle.loop.EventLoop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** The accepting side. A guest is let in when its sockets, one or two, have shown the same unused token. */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class DefaultChannelServer implements ChannelServer {

    private final EventLoop loop;
    private final PrivateDirectory directory;
    private final Map<Invitation, Guest> guests = new ConcurrentHashMap<>();
    private final Sinks.Empty<Void> removed = Sinks.empty();
    private final AtomicBoolean disposed = new AtomicBoolean();
    private final EpollServerDomainSocketChannel listener = new EpollServerDomainSocketChannel();

    /** One who may come; the sockets are loop only. */
    private static final class Guest {
        private final Sinks.One<DefaultChannel> arrival = Sinks.one();
        private @Nullable EpollDomainSocketChannel frames;
        private @Nullable EpollDomainSocketChannel descriptors;
        private @Nullable Format format; // as the socket for frames has said
        private boolean alone;

        boolean isComplete() {
            return frames != null && (alone || descriptors != null);
        }
    }

    private DefaultChannelServer(EventLoop loop, PrivateDirectory directory) {
        this.loop = loop;
        this.directory = directory;
    }

    static Mono<ChannelServer> bind(EventLoop loop) {
        return Mono.<DefaultChannelServer>create(
                        sink -> Schedulers.boundedElastic().schedule(() -> prepare(loop, sink)))
                .flatMap(DefaultChannelServer::listen);
    }

    /**
     * Owned by the sink until it is passed on: a callable that is cancelled while it runs forgets its value, and a sink that
     * is just being cancelled drops it, where no {@code doOnDiscard} hears of it.
     */
    private static void prepare(EventLoop loop, MonoSink<DefaultChannelServer> sink) {
        try {
            Connector.prepare(loop);
            DefaultChannelServer server = create(loop);
            sink.onCancel(server);
            sink.success(server);
        } catch (Exception e) {
            sink.error(e);
        }
    }

    private static DefaultChannelServer create(EventLoop loop) throws IOException {
        PrivateDirectory directory = PrivateDirectory.create();
        try {
            return new DefaultChannelServer(loop, directory);
        } catch (RuntimeException e) { // of Netty, which has no descriptor for the listener
            directory.delete();
            throw e;
        }
    }

    private Mono<ChannelServer> listen() {
        return Mono.create(sink -> {
            sink.onCancel(this);
            if (disposed.get()) {
                return;
            }
            new ServerBootstrap()
                    .group(loop.netty())
                    .channelFactory(() -> listener)
                    .childOption(ChannelOption.AUTO_READ, false)
                    .childHandler(new ChannelInitializer<EpollDomainSocketChannel>() {
                        @Override
                        protected void initChannel(EpollDomainSocketChannel socket) {
                            socket.pipeline().addLast(new PreambleHandler(DefaultChannelServer.this));
                        }
                    })
                    .bind(new DomainSocketAddress(directory.socket().toString()))
                    .addListener((ChannelFutureListener) bound -> {
                        if (disposed.get()) {
                            close(); // once more: it may have been bound in the middle of that
                        } else if (bound.isSuccess()) {
                            sink.success(this);
                        } else {
                            dispose();
                            sink.error(new IOException("cannot listen on " + directory.socket(), bound.cause()));
                        }
                    });
        });
    }

    @Override
    public Path socket() {
        return directory.socket();
    }

    @Override
    public Invitation invite() {
        Invitation invitation = new Invitation(directory.socket(), PrivateDirectory.token());
        Guest guest = new Guest();
        guests.put(invitation, guest);
        if (disposed.get()) {
            revoke(invitation);
        }
        return invitation;
    }

    @Override
    public Mono<Channel> accept(Invitation invitation) {
        Guest guest = guests.get(invitation);
        return guest == null
                ? Mono.error(new ChannelClosedException("invitation is revoked, used or not of this server"))
                : EventLoop.onCurrent(guest.arrival.asMono())
                        .flatMap(channel -> Mono.<Channel>just(channel).doFinally(end -> channel.startReading()));
    }

    @Override
    public void revoke(Invitation invitation) {
        Guest guest = guests.remove(invitation);
        if (guest != null) {
            guest.arrival.tryEmitError(new ChannelClosedException("the invitation was revoked"));
            try {
                loop.netty().execute(() -> {
                    close(guest.frames);
                    close(guest.descriptors);
                });
            } catch (RejectedExecutionException ended) {
                return; // with the loop they were closed
            }
        }
    }

    private static void close(@Nullable EpollDomainSocketChannel socket) {
        if (socket != null) {
            socket.close();
        }
    }

    /** Called on the loop with the first bytes of a connection; whoever has no right to be here is closed. */
    void admit(Preamble preamble, EpollDomainSocketChannel socket) {
        Invitation invitation = find(preamble.token());
        Guest guest = invitation == null ? null : guests.get(invitation);
        if (invitation == null || guest == null || !seat(guest, preamble, socket)) {
            socket.close();
            return;
        }
        if (guest.isComplete()) {
            guests.remove(invitation);
            open(guest);
        }
    }

    private @Nullable Invitation find(String token) {
        byte[] shown = token.getBytes(StandardCharsets.US_ASCII);
        Invitation found = null;
        for (Invitation each : guests.keySet()) { // all of them, so that time tells nothing
            if (MessageDigest.isEqual(shown, each.token().getBytes(StandardCharsets.US_ASCII))) {
                found = each;
            }
        }
        return found;
    }

    private static boolean seat(Guest guest, Preamble preamble, EpollDomainSocketChannel socket) {
        if (preamble.role() == Preamble.DESCRIPTORS) {
            if (guest.descriptors != null) {
                return false;
            }
            guest.descriptors = socket;
            return true;
        }
        boolean alone = preamble.role() == Preamble.FRAMES_ALONE;
        if (guest.frames != null || (alone && guest.descriptors != null)) {
            return false;
        }
        guest.frames = socket;
        guest.format = preamble.format();
        guest.alone = alone;
        return true;
    }

    private void open(Guest guest) {
        assert guest.frames != null && guest.format != null : "it is complete";
        EpollDomainSocketChannel descriptors = guest.descriptors;
        DefaultChannel channel = new DefaultChannel(loop.netty(), guest.format, guest.frames, descriptors, null);
        channel.install();
        if (descriptors != null) {
            descriptors.config().setReadMode(DomainSocketReadMode.FILE_DESCRIPTORS);
        }
        channel.write(Frame.bare(Frame.READY), null);
        guest.arrival.tryEmitValue(channel);
    }

    @Override
    public void dispose() {
        if (disposed.compareAndSet(false, true)) {
            guests.keySet().forEach(this::revoke);
            close();
        }
    }

    private void close() {
        try {
            loop.netty().execute(this::closeListener);
        } catch (RejectedExecutionException ended) { // nobody can register it any more
            closeListener();
        }
        Mono.fromRunnable(directory::delete)
                .subscribeOn(Schedulers.boundedElastic())
                .subscribe(null, removed::tryEmitError, removed::tryEmitEmpty);
    }

    /** On the loop, where nobody registers it in the middle of this. */
    private void closeListener() {
        if (listener.isRegistered()) {
            listener.close();
        } else {
            listener.unsafe().closeForcibly(); // its pipeline has no thread yet
        }
    }

    @Override
    public Mono<Void> onDispose() {
        return EventLoop.onCurrent(removed.asMono());
    }

    @Override
    public boolean isDisposed() {
        return disposed.get();
    }
}
