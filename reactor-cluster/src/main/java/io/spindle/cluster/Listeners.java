// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.ChannelServer;
import io.spindle.process.ipc.Invitation;
import io.spindle.process.ipc.Reply;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
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

    /** One address; the answer is there when it is bound or could not be. */
    private record Entry(Socket socket, Sinks.One<Control.Listener> answer) {}

    /** What the primary keeps open for it. */
    private interface Socket {

        Mono<Reply> reply(Control.Listener listener, DefaultClusterWorker worker);

        default void refresh() {}

        void close();
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
        if (listening.mode() == Listening.Mode.REUSE_PORT) {
            return reserve(request);
        }
        EpollServerSocketChannel channel = new EpollServerSocketChannel();
        channel.config().setAutoRead(false);
        channel.config().setOption(ChannelOption.SO_REUSEADDR, true);
        channel.config().setBacklog(request.backlog());
        Socket socket = listening
                .balance()
                .<Socket>map(balance -> new Handing(channel, new HandOff(channel, balance)))
                .orElseGet(() -> new Shared(channel));
        Entry entry = new Entry(socket, Sinks.one());
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

    private Entry reserve(Control.Listen request) {
        ReservedPort port = new ReservedPort();
        Entry entry = new Entry(new Reserved(port), Sinks.one());
        entries.put(request.key(), entry);
        try {
            succeeded(entry, port.bind(new InetSocketAddress(request.host(), request.port())));
        } catch (IOException e) {
            failed(request, entry, e);
        }
        return entry;
    }

    private void succeeded(Entry entry, InetSocketAddress address) {
        log.debug("listening on {}", address);
        entry.answer.tryEmitValue(new Control.Listener(
                address.getAddress().getHostAddress(), address.getPort(), "", listening.mode(), ""));
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
    private record Shared(EpollServerSocketChannel channel) implements Socket {

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

        private final EpollServerSocketChannel channel;
        private final HandOff handOff;

        Handing(EpollServerSocketChannel channel, HandOff handOff) {
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

    void close() {
        entries.values().forEach(entry -> entry.socket.close());
        entries.clear();
    }
}
