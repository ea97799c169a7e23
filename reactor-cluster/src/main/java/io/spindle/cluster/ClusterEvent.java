// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.Signal;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;

/**
 * Something that happened to a worker, as the primary sees it.
 *
 * <p>Of one worker they come in this order: {@link Forked}, {@link Online}, {@link Listening} (once for each server),
 * {@link Standby} (if it is to wait), {@link Ready} (after the first {@link Listening}), {@link Disconnected}, {@link Exited}; a
 * worker that dies early skips those that it did not reach. Node analogue: the
 * events of the same names of the {@code cluster} module.
 *
 * @since 0.1.0
 */
public sealed interface ClusterEvent {

    /** Returns the worker. */
    ClusterWorker worker();

    /**
     * The process of a worker has been started.
     *
     * @param worker the worker
     */
    record Forked(ClusterWorker worker) implements ClusterEvent {}

    /**
     * A worker has connected to the primary: its program runs.
     *
     * @param worker the worker
     */
    record Online(ClusterWorker worker) implements ClusterEvent {}

    /**
     * A server of a worker is bound.
     *
     * @param worker the worker
     * @param address where it listens: an {@link InetSocketAddress} with the real port if 0 was asked for, or a
     *     {@link io.netty.channel.unix.DomainSocketAddress} with an absolute path
     */
    record Listening(ClusterWorker worker, SocketAddress address) implements ClusterEvent {

        /** Returns the port, or -1 if it is a Unix-domain socket. */
        public int port() {
            return address instanceof InetSocketAddress inet ? inet.getPort() : -1;
        }
    }

    /**
     * A worker could serve and waits to be promoted, see {@link PrimarySpec#standby(int)}.
     *
     * @param worker the worker
     */
    record Standby(ClusterWorker worker) implements ClusterEvent {}

    /**
     * A worker serves, see {@link WorkerContext#readyAfter}; of a standby worker, it has been promoted.
     *
     * @param worker the worker
     */
    record Ready(ClusterWorker worker) implements ClusterEvent {}

    /**
     * The channel between a worker and the primary has ended.
     *
     * @param worker the worker
     */
    record Disconnected(ClusterWorker worker) implements ClusterEvent {}

    /**
     * The process of a worker has ended.
     *
     * @param worker the worker
     * @param code its exit code; 128 + n if signal n ended it
     * @param signal the signal that ended it, as far as the code tells
     * @param exitedAfterDisconnect whether it was told to disconnect, or did so by itself: then it is not replaced
     */
    record Exited(ClusterWorker worker, int code, Optional<Signal> signal, boolean exitedAfterDisconnect)
            implements ClusterEvent {}

    /**
     * A worker has sent a message.
     *
     * @param worker the worker
     * @param message what it sent
     */
    record Message(ClusterWorker worker, io.spindle.process.ipc.Message message) implements ClusterEvent {}
}
