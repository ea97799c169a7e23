// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.nio.file.Path;
import java.util.List;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A running cluster, as its primary sees it. Thread-safe. Everything signals on the loop {@code spindle-primary}, which
 * also supervises: do not block it. Node analogue: {@code cluster} in the primary.
 *
 * @since 0.1.0
 */
public interface Primary extends Disposable {

    /** Returns where the primary can be asked and told what to do, see {@link PrimarySpec#controlSocket}. */
    Path controlSocket();

    /** Returns the workers that have not ended, those in standby included, in the order of their ids. */
    List<ClusterWorker> workers();

    /**
     * Returns how many workers there are to be: what {@link PrimarySpec#workers} or the last {@link #scale} said, less those
     * that have left by {@link ClusterWorker#disconnect} since. Those in standby are not among them.
     */
    int wanted();

    /** Returns what this cluster has done and what it is now; {@link ClusterMeters} binds it to Micrometer. */
    ClusterMetrics metrics();

    /**
     * Asks all workers for what they {@linkplain WorkerContext#publishMeters publish} and adds it up, see {@link ClusterMeter}.
     * {@link PrometheusPage} makes a page of it.
     * <ul>
     *   <li><b>Signals on</b> the event loop it was subscribed on, else on the cluster's loop, which must not be blocked.
     *   <li><b>Cancel</b> stops the waiting.
     *   <li><b>Errors</b> with {@link java.util.concurrent.RejectedExecutionException} if the cluster has ended. A worker that
     *       does not answer within two seconds counts with what it had said before.
     * </ul>
     *
     * @return a cold {@code Mono} of all meters, by name and tags; no name is there if no worker publishes any
     */
    Mono<List<ClusterMeter>> meters();

    /**
     * Returns what happens from now on, messages included. What happens to the workers is never lost: it waits for a
     * slow subscriber. Messages follow the demand of the slowest, see {@link #messages()}.
     *
     * @return a hot {@code Flux} that completes when the cluster has ended
     */
    Flux<ClusterEvent> events();

    /**
     * Returns the messages of all workers from now on, those of one worker in their order. Every message goes to all
     * subscribers, and demand reaches the workers: while one subscriber has none, or there is no subscriber at all, the
     * messages wait in the workers.
     *
     * @return a hot {@code Flux} that completes when the cluster has ended
     */
    Flux<ClusterEvent.Message> messages();

    /**
     * Sends a message to every worker that is connected.
     *
     * @param message written by Jackson as CBOR
     * @return completes when it has been written to all; a worker that ends meanwhile is left out
     */
    Mono<Void> broadcast(Object message);

    /**
     * Changes how many workers there are; the last call counts. New workers start at once and beside each other, those
     * that are too many drain, the youngest places first: no request is lost, see {@link ClusterWorker#disconnect}. Places
     * that were left by {@code disconnect} are filled again. The share of processors and heap that the workers get stays
     * that of {@link PrimarySpec#workers}; a program that means to grow sets {@code -Xmx} in {@link PrimarySpec#jvmArgs}.
     *
     * @param count at least 1
     * @return a cold {@code Mono} that completes when the new workers are online and those that leave have ended; errors
     *     with {@link ClusterException} if the cluster ends; cancel stops the waiting, not the scaling
     */
    Mono<Void> scale(int count);

    /**
     * Replaces all workers by new ones, as one transaction. Place after place a new worker is started beside the old one;
     * when it is ready, see {@link WorkerContext#readyAfter}, the old one stops accepting. When all are ready they are
     * watched for {@link PrimarySpec#watch}; then the old ones drain. There are never fewer workers that accept than
     * before, and for a while there are twice as many processes. If a new worker cannot be started, is not ready within
     * {@link PrimarySpec#startTimeout} or ends before the watch is over, the old ones accept again and the new ones drain.
     *
     * <p>The program, its class path and its environment are those of the primary's start: what is in the files is read
     * anew. {@link #scale} waits for the end of a reload; a second reload is refused.
     *
     * @return a cold {@code Mono} that completes when the old workers have ended; errors with {@link ClusterException} if
     *     the old ones serve on, and its message says why, or if the cluster ends; cancel stops the waiting, not the
     *     reload
     */
    Mono<Void> reload();

    /**
     * Waits for the end of the cluster.
     *
     * @return the exit code: 0 after a stop in good order or when all workers were disconnected; errors with
     *     {@link ClusterException} if the cluster could not go on
     */
    Mono<Integer> exit();

    /**
     * Stops: all workers drain, and those that need longer than {@link PrimarySpec#grace} are killed.
     *
     * @return completes when no worker is left and the sockets are closed; cancel stops the waiting, not the stopping
     */
    Mono<Void> disposeGracefully();

    /** Kills all workers and closes the sockets. Idempotent, does not wait: see {@link #exit()}. */
    @Override
    void dispose();

    /** Returns whether the cluster has ended. */
    @Override
    boolean isDisposed();
}
