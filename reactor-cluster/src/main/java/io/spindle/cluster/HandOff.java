// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.AbstractEpollServerChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.UnixChannel;
import io.spindle.process.ipc.Channel;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A listening socket whose connections the primary accepts and gives to workers, each over a channel of its own. The
 * primary keeps its duplicate until the worker has taken the connection, so what a dead worker had not taken goes to
 * another. While no worker can take any, connections wait in the backlog. Loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of a timer that nobody cancels
final class HandOff {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    /** Descriptors that are kept at most; then it stops accepting. */
    private static final int MAX_WAITING = 256;

    private static final SocketAddress NAMELESS = new DomainSocketAddress("");

    private final AbstractEpollServerChannel listener;
    private final Balance balance;
    private final List<Member> members = new ArrayList<>(); // by slot
    private final Queue<UnixChannel> homeless = new ArrayDeque<>();
    private int waiting;
    private boolean warned;
    private boolean resting; // after an accept has failed
    private boolean closed;

    /** A server of a worker. */
    private static final class Member {

        private final DefaultClusterWorker worker;
        private final Channel channel;
        private final Sinks.Empty<Void> allTaken = Sinks.empty();
        private int waiting;
        private int connections;
        private boolean leaving;

        Member(DefaultClusterWorker worker, Channel channel) {
            this.worker = worker;
            this.channel = channel;
        }

        boolean isOpen() {
            return !leaving && worker.accepts() && !channel.isDisposed();
        }

        /** No more for it; completes when it has taken all that is on its way. */
        Mono<Void> leave() {
            leaving = true;
            tellIfAllTaken();
            return allTaken.asMono();
        }

        void tellIfAllTaken() {
            if (leaving && waiting == 0) {
                allTaken.tryEmitEmpty();
            }
        }
    }

    HandOff(AbstractEpollServerChannel listener, Balance balance) {
        this.listener = listener;
        this.balance = balance;
        listener.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object connection) {
                give((UnixChannel) connection);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                rest(cause);
            }
        });
    }

    /** Too many open files: at once it would only fail again, and again. Those that wait wait on. */
    private void rest(Throwable cause) {
        if (resting) {
            return;
        }
        log.warn("cannot accept, tries again in {} ms: {}", PrimaryTimes.REST.toMillis(), cause.toString());
        resting = true;
        listener.config().setAutoRead(false);
        listener.eventLoop().schedule(this::rested, PrimaryTimes.REST.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void rested() {
        resting = false;
        refresh();
    }

    void join(DefaultClusterWorker worker, Channel channel) {
        Member member = new Member(worker, channel);
        channel.onRequest(Control.LEAVING, message -> member.leave().then(Mono.empty()));
        channel.receive(Integer.class).subscribe(closed -> member.connections -= closed, broken -> {});
        channel.onDispose().onErrorComplete().subscribe(null, null, () -> {
            members.remove(member);
            refresh();
        });
        members.add(member);
        members.sort(Comparator.comparingInt(each -> each.worker.slot()));
        refresh();
    }

    /** Some worker has become able to take connections, or unable. */
    void refresh() {
        boolean someone = members.stream().anyMatch(Member::isOpen);
        while (someone && !homeless.isEmpty()) {
            give(homeless.remove());
            someone = members.stream().anyMatch(Member::isOpen);
        }
        listener.config().setAutoRead(someone && waiting < MAX_WAITING && !resting);
    }

    private void give(UnixChannel connection) {
        if (closed) {
            connection.unsafe().closeForcibly();
            return;
        }
        List<Member> open = members.stream().filter(Member::isOpen).toList();
        if (open.isEmpty()) {
            homeless.add(connection);
            listener.config().setAutoRead(false);
            return;
        }
        SocketAddress client = client(connection);
        Member member = choose(client, open);
        member.connections++;
        member.waiting++;
        waiting++;
        if (waiting >= MAX_WAITING) {
            listener.config().setAutoRead(false);
        }
        member.channel
                .send(HandedAddress.write(client), connection.fd())
                .subscribe(null, dead -> reclaimed(member, connection), () -> taken(member, connection));
    }

    private static SocketAddress client(UnixChannel connection) {
        SocketAddress client = connection.remoteAddress();
        return client == null ? NAMELESS : client;
    }

    private Member choose(SocketAddress client, List<Member> open) {
        List<Balance.Candidate> candidates = open.stream()
                .map(member -> new Balance.Candidate(member.worker, member.connections, member.waiting))
                .toList();
        try {
            int index = candidates.indexOf(balance.choose(client, candidates));
            if (index >= 0) {
                return open.get(index);
            }
            warn("it chose none of the candidates", null);
        } catch (RuntimeException e) {
            warn("it threw", e);
        }
        return open.get(0);
    }

    private void warn(String what, @Nullable RuntimeException cause) {
        if (!warned) {
            warned = true;
            log.warn("the balance {} does not choose: {}; the first worker is taken", balance, what, cause);
        }
    }

    private void taken(Member member, UnixChannel connection) {
        waiting--;
        member.waiting--;
        connection.unsafe().closeForcibly(); // our duplicate: else the client would not see the worker close
        member.tellIfAllTaken();
        refreshIfFull();
    }

    private void reclaimed(Member member, UnixChannel connection) {
        waiting--;
        member.waiting--;
        member.leaving = true; // its channel has ended
        give(connection);
        refreshIfFull();
    }

    private void refreshIfFull() {
        if (!listener.config().isAutoRead()) {
            refresh();
        }
    }

    void close() {
        closed = true;
        homeless.forEach(connection -> connection.unsafe().closeForcibly());
        homeless.clear();
    }
}
