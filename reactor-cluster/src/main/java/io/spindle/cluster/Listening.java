// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.Objects;
import java.util.Optional;

/**
 * How the workers of a cluster come to their connections. The remote address is the client's in all of them, and TLS,
 * HTTP/2 and WebSockets are the workers'. It is for TCP and, but for {@code reusePort}, for Unix-domain sockets, where the
 * remote address of a channel is a {@link io.netty.channel.unix.DomainSocketAddress} with an empty path unless the client has
 * bound its own end, and that of Reactor Netty's requests is null: a proxy in front tells more in a header.
 * <pre>
 *                   who accepts    spread                 a worker dies
 *   shared          each worker    the kernel, by load    nothing that waits is lost
 *   handOff         the primary    as its balance says    nothing that waits is lost
 *   reusePort       each worker    the kernel, by hash    what waits in its queue is reset
 * </pre>
 *
 * @since 0.1.0
 */
public final class Listening {

    enum Mode {
        SHARED,
        HAND_OFF,
        REUSE_PORT
    }

    private static final Listening SHARED = new Listening(Mode.SHARED, Optional.empty());
    private static final Listening REUSE_PORT = new Listening(Mode.REUSE_PORT, Optional.empty());

    private final Mode mode;
    private final Optional<Balance> balance;

    private Listening(Mode mode, Optional<Balance> balance) {
        this.mode = mode;
        this.balance = balance;
    }

    /**
     * Returns the default: the primary owns one listening socket, all workers accept from it. The fastest. At low load the
     * kernel wakes the same worker again and again. Node analogue: {@code SCHED_NONE}.
     */
    public static Listening shared() {
        return SHARED;
    }

    /**
     * Returns the mode where the primary accepts and passes each connection to a worker. What a dead worker had not taken is
     * given to another. It costs new connections a good part of their rate, and those that are open nothing. Node
     * analogue: {@code SCHED_RR}.
     *
     * @param balance chooses the worker
     */
    public static Listening handOff(Balance balance) {
        return new Listening(Mode.HAND_OFF, Optional.of(Objects.requireNonNull(balance, "balance")));
    }

    /**
     * Returns the mode where each worker has a socket of its own on the same port (SO_REUSEPORT). The port is closed while no
     * worker lives, and whatever waits in the queue of a worker that ends is reset, also in a reload, unless the kernel moves
     * it: {@code sysctl net.ipv4.tcp_migrate_req=1}, Linux 5.14 and later. Without that it warns. Servers on Unix-domain sockets
     * fail to bind: for those the system has no such thing.
     */
    public static Listening reusePort() {
        return REUSE_PORT;
    }

    Mode mode() {
        return mode;
    }

    Optional<Balance> balance() {
        return balance;
    }

    /** Returns the name of the mode. */
    @Override
    public String toString() {
        return mode.name();
    }
}
