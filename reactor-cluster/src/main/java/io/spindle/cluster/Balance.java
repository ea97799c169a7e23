// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Comparator;
import java.util.List;

/**
 * Which worker gets a new connection, where the primary hands connections over: see {@link Listening#handOff}.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Balance {

    /**
     * A worker that can take a connection.
     *
     * @param worker the worker; its slot stays when it is replaced
     * @param connections how many it has of this server, those that are on their way included
     * @param waiting how many of them it has not taken yet: a high number is a worker that is busy or hangs
     */
    record Candidate(ClusterWorker worker, int connections, int waiting) {}

    /**
     * Chooses a worker. Called on the loop of the primary, once for each connection, so it must be quick.
     *
     * @param client where the connection comes from: an {@link InetSocketAddress}, or on a Unix-domain socket a
     *     {@link io.netty.channel.unix.DomainSocketAddress}, whose path is empty unless the client has bound its own end
     * @param candidates in the order of their slots, at least one
     * @return one of the candidates; anything else, or an exception, is logged and the first candidate is taken
     */
    Candidate choose(SocketAddress client, List<Candidate> candidates);

    /**
     * Returns a balance that gives one connection to each worker in turn and passes over those that have not taken their last
     * ones while another has. One object is for one cluster. Node analogue: {@code SCHED_RR}, which is a queue of the workers
     * that are free.
     */
    static Balance roundRobin() {
        return new RoundRobin();
    }

    /** Returns a balance that gives to the worker with the fewest connections. */
    static Balance leastConnections() {
        return (client, candidates) -> candidates.stream()
                .min(Comparator.comparingInt(Candidate::connections))
                .orElseThrow();
    }

    /**
     * Returns a balance that gives all connections of one client address to the same place in the cluster. A worker that
     * is replaced keeps its clients; where one is added or leaves only those move that must. Clients of a Unix-domain
     * socket have no address to tell them apart: they go to the worker with the fewest connections.
     */
    static Balance stickyByAddress() {
        Balance others = leastConnections();
        return (client, candidates) -> client instanceof InetSocketAddress address
                ? candidates.stream()
                        .max(Comparator.comparingLong(candidate -> Sticky.weight(address, candidate)))
                        .orElseThrow()
                : others.choose(client, candidates);
    }
}
