// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.Signal;
import io.spindle.process.ipc.Message;
import java.util.Optional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A worker as the primary sees it. Thread-safe. Node analogue: {@code cluster.Worker} in the primary.
 *
 * @since 0.1.0
 */
public interface ClusterWorker {

    /** Returns its number: 1, 2, 3… in the order of the forks, never used again. */
    int id();

    /**
     * Returns its place in the cluster, from 0 to the number of workers, standby workers among them, less one. Its
     * replacement has the same: use it for what there should be once, such as a log file or a schedule. A place that {@link Primary#scale} adds while
     * others still drain gets the lowest number that is free.
     *
     * <p>Standby workers have places of their own, behind those of the others at first. One that is promoted keeps its place; the
     * next standby worker gets that of the worker that has died.
     */
    int slot();

    /**
     * Returns how many reloads had begun when it was forked: all that are of one reload have the same number. The recycling
     * of one worker counts as a reload.
     */
    int generation();

    /** Returns its process id. */
    long pid();

    /** Returns where it is in its life. */
    WorkerState state();

    /** Returns whether its channel to the primary is open. */
    boolean isConnected();

    /** Returns whether its process has ended. */
    boolean isDead();

    /**
     * Returns whether it was told to disconnect or did so by itself (true), or ended otherwise (false); empty while
     * neither is decided. Node analogue: {@code exitedAfterDisconnect}.
     */
    Optional<Boolean> exitedAfterDisconnect();

    /**
     * Sends it a message; it waits until the worker has demand.
     *
     * @param message written by Jackson as CBOR, see {@link io.spindle.process.ipc.Channel#send(Object)}
     * @return completes when it has been written; errors with {@link io.spindle.process.ipc.ChannelClosedException} if
     *     its channel has ended, with {@link WorkerGoneException} if it ended before it had one. A message to a worker
     *     that is still starting waits for it
     */
    Mono<Void> send(Object message);

    /**
     * Returns its messages. Each message goes to all who listen here, to {@link Primary#messages()} and to
     * {@link Primary#events()}; the slowest of them sets the pace of all workers. While nobody listens messages wait in
     * the worker.
     *
     * @return a hot {@code Flux} that completes when the cluster has ended
     */
    Flux<Message> receive();

    /**
     * Sends a signal to its process, {@link Signal#TERM} for the default of Node. No step is taken before; a worker of
     * ours answers TERM by draining. It is replaced.
     *
     * @param signal the signal
     * @return whether it was sent: false if the process has ended
     */
    boolean kill(Signal signal);

    /**
     * Tells it to stop accepting, to finish what runs and to end; it is not replaced. When the grace of
     * {@link PrimarySpec#grace} is over it is killed.
     *
     * @return completes when its process has ended; cancel stops the waiting, not the disconnecting
     */
    Mono<Void> disconnect();
}
