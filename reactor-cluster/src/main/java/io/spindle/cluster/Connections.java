// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.Channel;
import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.channel.ChannelOperations;

/**
 * The servers of this worker and the connections they have accepted. A drain closes the servers, then looks at the
 * connections again and again. None is closed while it serves, and none that is idle before it has had time to send what
 * may be on the wire: HTTP connections are told to go in the words of their protocol, see {@link HttpFarewell}.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close() and timers, which have no outcome that anybody could act on
final class Connections {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final boolean HTTP = isPresent("reactor.netty.http.server.HttpServer");

    private final EventLoop loop;
    private final Map<Channel, Mono<Void>> servers = new ConcurrentHashMap<>(); // and how each stops accepting
    private final Map<Channel, Farewell> connections = new ConcurrentHashMap<>();
    private final AtomicLong acceptedInAll = new AtomicLong();
    private final LongAdder requests = new LongAdder();
    private volatile boolean held;
    private volatile boolean paused;
    private volatile boolean draining;

    Connections(EventLoop loop) {
        this.loop = loop;
    }

    /** What is said to one connection. On its own loop only, unless said otherwise. */
    static class Farewell {

        private final AtomicBoolean queued = new AtomicBoolean();
        private int idleLooks;
        private int patience; // 0 is not chosen yet

        /** Called at every look. Says what there is to say, and returns whether the connection is idle. */
        boolean say(Channel connection, Duration grace) {
            return ChannelOperations.get(connection) == null;
        }

        /** Each has its own patience, half the limit at least, so that not all clients come back in the same moment. */
        void look(Channel connection, Duration grace, int idleLimit) {
            if (patience == 0) {
                patience = ThreadLocalRandom.current().nextInt((idleLimit + 1) / 2, idleLimit + 1);
            }
            idleLooks = say(connection, grace) ? idleLooks + 1 : 0;
            if (idleLooks > patience) {
                connection.eventLoop().schedule(() -> closeIfIdle(connection, grace), 1, TimeUnit.MILLISECONDS);
            }
        }

        /** Not in the turn of the last look: what came while the loop was busy is read between two turns. */
        private void closeIfIdle(Channel connection, Duration grace) {
            if (say(connection, grace)) {
                connection.close();
            } else {
                idleLooks = 0;
            }
        }

        /** Has it look soon. Looks that a busy loop has missed are one, it was not idle in between. Any thread. */
        void post(Channel connection, Duration grace, int idleLimit) {
            if (!queued.compareAndSet(false, true)) {
                return;
            }
            try {
                connection.eventLoop().execute(() -> {
                    try {
                        look(connection, grace, idleLimit);
                    } finally {
                        queued.set(false);
                    }
                });
            } catch (RejectedExecutionException e) {
                log.trace("the loop of {} has ended", connection, e);
            }
        }
    }

    private static boolean isPresent(String name) {
        try {
            Class.forName(name, false, Connections.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** @param leave completes when no connection is on its way to the server any more */
    void opened(Channel server, Mono<Void> leave) {
        servers.put(server, leave);
        server.closeFuture().addListener(closed -> servers.remove(server));
        if (draining) {
            server.close();
        }
    }

    /**
     * Whether the servers accept. What comes meanwhile waits in the backlog. Any thread; {@link #acceptMore} is to follow.
     *
     * @param held no server does: it is not ready
     * @param paused only those do that nobody else can stand in for
     */
    void hold(boolean held, boolean paused) {
        this.held = held;
        this.paused = paused;
    }

    /** Has the servers look for what they may accept. Any thread. */
    void acceptMore() {
        if (!held) {
            servers.keySet().forEach(Channel::read);
        }
    }

    /** Whether servers accept from a socket that the workers share. */
    boolean acceptsFromAll() {
        return !held && !paused;
    }

    /** Whether servers accept from a socket of this worker: what waits there reaches no other, so a pause does not count. */
    boolean acceptsFromOwn() {
        return !held;
    }

    long acceptedInAll() {
        return acceptedInAll.get();
    }

    /** A request has come. Any thread. */
    void requested() {
        requests.increment();
    }

    long requests() {
        return requests.sum();
    }

    int open() {
        return connections.size();
    }

    void accepted(Channel connection) {
        acceptedInAll.incrementAndGet();
        connections.put(connection, HTTP ? new HttpFarewell() : new Farewell());
        connection.closeFuture().addListener(closed -> connections.remove(connection));
    }

    /**
     * Completes when no connection is left; what is left after the grace is closed. Signals on the loop.
     *
     * @param idle how long a connection may wait for its next request; each waits between half of it and all of it
     */
    Mono<Void> drain(Duration grace, Duration idle) {
        return Mono.defer(() -> {
            draining = true;
            int idleLimit = DrainTimes.looks(idle);
            return closeServers()
                    .thenMany(Flux.interval(Duration.ZERO, DrainTimes.LOOK, loop))
                    .onBackpressureDrop()
                    .doOnNext(turn ->
                            connections.forEach((connection, farewell) -> look(connection, farewell, grace, idleLimit)))
                    .takeUntil(turn -> connections.isEmpty())
                    .then()
                    .timeout(grace, Mono.fromRunnable(() -> connections.keySet().forEach(Channel::close)), loop);
        });
    }

    /** Completes when none can accept any more: only then an empty set of connections means that nothing is left. */
    private Mono<Void> closeServers() {
        return Flux.fromIterable(servers.entrySet())
                .flatMap(server -> server.getValue()
                        .timeout(DrainTimes.LEAVE, loop)
                        .onErrorComplete()
                        .then(close(server.getKey())))
                .then()
                .publishOn(loop);
    }

    private static Mono<Void> close(Channel server) {
        return Mono.create(sink -> server.close().addListener(closed -> sink.success()));
    }

    private static void look(Channel connection, Farewell farewell, Duration grace, int idleLimit) {
        if (connection.isRegistered()) { // else it is on its way to its loop
            farewell.post(connection, grace, idleLimit);
        }
    }
}
