// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.AbstractEpollServerChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.ChannelServer;
import io.spindle.process.ipc.Invitation;
import io.spindle.process.ipc.Reply;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The listening sockets. The primary binds them and gives every worker that asks a duplicate: nothing that waits in the
 * backlog is lost while one holder is left, and the primary is always one. Or it accepts itself and hands connections
 * over. Or it only keeps the port, and each worker listens by itself. Loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class Listeners {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final EventLoop loop;
    private final ChannelServer server;
    private final Listening listening;
    private final Map<Control.Listen, Entry> entries = new HashMap<>();
    private final List<String> addresses = new ArrayList<>();

    /** One address; the answer is there when it is bound or could not be. */
    private record Entry(Socket socket, Sinks.One<Control.Listener> answer) {

        Entry(Socket socket) {
            this(socket, Sinks.one());
        }
    }

    /** What the primary keeps open for it. */
    private interface Socket {

        Mono<Reply> reply(Control.Listener listener, DefaultClusterWorker worker);

        default void refresh() {}

        void close();

        /** Closes for good, at once; completes when that is done. */
        default Mono<Void> end() {
            close();
            return Mono.empty();
        }
    }

    Listeners(EventLoop loop, ChannelServer server, Listening listening) {
        this.loop = loop;
        this.server = server;
        this.listening = listening;
        if (listening.mode() == Listening.Mode.REUSE_PORT) {
            Schedulers.boundedElastic().schedule(ReservedPort::warnIfConnectionsAreLost);
        }
    }

    Mono<Reply> listen(Control.Listen request, DefaultClusterWorker worker) {
        Entry known = entries.get(request.key());
        Entry entry = known != null ? known : open(request);
        return entry.answer
                .asMono()
                .flatMap(listener -> listener.error().isEmpty()
                        ? entry.socket.reply(listener, worker)
                        : Mono.just(Reply.of(listener)));
    }

    private Entry open(Control.Listen request) {
        boolean isDomain = request.port() == ListenAddress.NO_PORT;
        if (listening.mode() == Listening.Mode.REUSE_PORT) {
            return isDomain ? refuse(request) : reserve(request);
        }
        return isDomain ? openDomain(request) : openTcp(request);
    }

    private Entry openTcp(Control.Listen request) {
        EpollServerSocketChannel channel = new EpollServerSocketChannel();
        channel.config().setAutoRead(false);
        channel.config().setOption(ChannelOption.SO_REUSEADDR, true);
        channel.config().setBacklog(request.backlog());
        Entry entry = new Entry(serving(channel));
        entries.put(request.key(), entry);
        EventLoopGroup group = loop.netty();
        group.register(channel);
        channel.bind(new InetSocketAddress(request.host(), request.port())).addListener((ChannelFutureListener)
                bound -> {
                    if (bound.isSuccess()) {
                        succeeded(entry, channel.localAddress());
                    } else {
                        failed(request, entry, bound.cause());
                    }
                });
        return entry;
    }

    private Socket serving(AbstractEpollServerChannel channel) {
        return listening
                .balance()
                .<Socket>map(balance -> new Handing(channel, new HandOff(channel, balance)))
                .orElseGet(() -> new Shared(channel));
    }

    /** Its file is seen to elsewhere, which takes a while. */
    private Entry openDomain(Control.Listen request) {
        Domain socket = new Domain();
        Entry entry = new Entry(socket);
        entries.put(request.key(), entry);
        Mono.fromCallable(() -> SocketFile.listen(Path.of(request.host()), request.backlog()))
                .subscribeOn(Schedulers.boundedElastic())
                .publishOn(loop)
                .doOnNext(socket::opened)
                .subscribe(
                        file -> succeeded(
                                entry, new DomainSocketAddress(request.host()), request.host(), request.port()),
                        error -> failed(request, entry, error));
        return entry;
    }

    private Entry refuse(Control.Listen request) {
        Entry entry = new Entry(new Domain());
        failed(
                request,
                entry,
                new IOException(
                        "Unix-domain sockets cannot be had with SO_REUSEPORT, use Listening.shared() or handOff()"));
        return entry;
    }

    private Entry reserve(Control.Listen request) {
        ReservedPort port = new ReservedPort();
        Entry entry = new Entry(new Reserved(port));
        entries.put(request.key(), entry);
        try {
            succeeded(entry, port.bind(new InetSocketAddress(request.host(), request.port())));
        } catch (IOException e) {
            failed(request, entry, e);
        }
        return entry;
    }

    private void succeeded(Entry entry, InetSocketAddress address) {
        succeeded(entry, address, address.getAddress().getHostAddress(), address.getPort());
    }

    private void succeeded(Entry entry, SocketAddress address, String host, int port) {
        log.debug("listening on {}", address);
        addresses.add(ListenAddress.show(address));
        entry.answer.tryEmitValue(new Control.Listener(host, port, "", listening.mode(), ""));
    }

    private void failed(Control.Listen request, Entry entry, Throwable cause) {
        entries.remove(request.key()); // so that a later attempt may succeed
        entry.socket.close();
        entry.answer.tryEmitValue(
                new Control.Listener(request.host(), request.port(), reason(cause), listening.mode(), ""));
    }

    private static String reason(Throwable cause) {
        String text = Objects.toString(cause.getMessage(), cause.toString());
        return text.contains("in use") ? "Address already in use" : text;
    }

    /** Workers accept from its duplicates; the primary never does. */
    private record Shared(AbstractEpollServerChannel channel) implements Socket {

        @Override
        public Mono<Reply> reply(Control.Listener listener, DefaultClusterWorker worker) {
            return Mono.just(Reply.of(listener, channel.fd()));
        }

        @Override
        public void close() {
            channel.close();
        }
    }

    /** The primary accepts; each worker has a channel to get connections by. */
    private final class Handing implements Socket {

        private final AbstractEpollServerChannel channel;
        private final HandOff handOff;

        Handing(AbstractEpollServerChannel channel, HandOff handOff) {
            this.channel = channel;
            this.handOff = handOff;
        }

        @Override
        public Mono<Reply> reply(Control.Listener listener, DefaultClusterWorker worker) {
            return Mono.fromCallable(server::invite) // asks the system for random bytes, which may block
                    .subscribeOn(Schedulers.boundedElastic())
                    .publishOn(loop)
                    .map(invitation -> invited(listener, worker, invitation));
        }

        private Reply invited(Control.Listener listener, DefaultClusterWorker worker, Invitation invitation) {
            server.accept(invitation).subscribe(open -> handOff.join(worker, open), revoked -> {});
            worker.exited().subscribe(null, null, () -> server.revoke(invitation));
            return Reply.of(listener.invite(invitation.text()));
        }

        @Override
        public void refresh() {
            handOff.refresh();
        }

        @Override
        public void close() {
            channel.close();
            handOff.close();
        }
    }

    /** One with a file, which comes after it. */
    private final class Domain implements Socket {

        private final Sinks.Empty<Void> begun = Sinks.empty();
        private Optional<SocketFile> file = Optional.empty();
        private Optional<Socket> serving = Optional.empty();

        void opened(SocketFile made) {
            EpollServerDomainSocketChannel channel = new EpollServerDomainSocketChannel(made.descriptor(), true);
            channel.config().setAutoRead(false);
            serving = Optional.of(serving(channel));
            file = Optional.of(made);
            begun.tryEmitEmpty();
            EventLoopGroup group = loop.netty();
            ChannelFuture registered = group.register(channel); // done at once, on the loop
            if (!registered.isSuccess()) {
                throw new IllegalStateException("the loop does not take a socket", registered.cause());
            }
        }

        @Override
        public Mono<Reply> reply(Control.Listener listener, DefaultClusterWorker worker) {
            return Mono.justOrEmpty(serving).flatMap(socket -> socket.reply(listener, worker));
        }

        @Override
        public void refresh() {
            serving.ifPresent(Socket::refresh);
        }

        /** It could not be. */
        @Override
        public void close() {
            begun.tryEmitEmpty();
        }

        /** The file goes first: whoever finds none makes a new one. */
        @Override
        public Mono<Void> end() {
            Mono<Void> end = begun.asMono()
                    .then(Mono.defer(() -> Mono.justOrEmpty(file)))
                    .flatMap(made -> Mono.fromCallable(made::remove).subscribeOn(Schedulers.boundedElastic()))
                    .doOnError(error -> log.warn("the file of a socket stays", error))
                    .onErrorComplete()
                    .then(Mono.<Void>fromRunnable(() -> serving.ifPresent(Socket::close))
                            .subscribeOn(loop))
                    .cache();
            end.subscribe();
            return end;
        }
    }

    /** Workers listen by themselves. */
    private record Reserved(ReservedPort port) implements Socket {

        @Override
        public Mono<Reply> reply(Control.Listener listener, DefaultClusterWorker worker) {
            return Mono.just(Reply.of(listener));
        }

        @Override
        public void close() {
            port.close();
        }
    }

    /** Some worker has become able to take connections, or unable. */
    void refresh() {
        entries.values().forEach(entry -> entry.socket.refresh());
    }

    /** Where the cluster listens, as {@code host:port} or {@code unix:} and a path. */
    List<String> addresses() {
        return List.copyOf(addresses);
    }

    /** Closes at once; completes when no file of a socket is left, on any thread. */
    Mono<Void> close() {
        Mono<Void> ends = Mono.when(
                entries.values().stream().map(entry -> entry.socket.end()).toList());
        entries.clear();
        return ends;
    }
}
