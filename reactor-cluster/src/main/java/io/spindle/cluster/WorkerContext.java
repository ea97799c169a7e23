// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.ipc.Message;
import java.util.List;
import java.util.function.Supplier;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ConnectionObserver;
import reactor.netty.resources.LoopResources;

/**
 * What a worker knows of itself and of its primary. Thread-safe. Node analogue: {@code cluster.worker} in a worker.
 *
 * @since 0.1.0
 */
public interface WorkerContext {

    /** Returns its number, see {@link ClusterWorker#id()}. */
    int id();

    /** Returns its place in the cluster, see {@link ClusterWorker#slot()}. */
    int slot();

    /**
     * Returns event loops, one for each processor of this worker, on which servers share their ports with the other
     * workers: {@code HttpServer.create().runOn(worker.resources())}. Clients run on them as ever. They are disposed
     * with the worker.
     *
     * <p>A bind asks the primary; port 0 gives all workers the same port, call by call. A port in use fails the bind with
     * a {@link java.net.BindException}. UDP servers are not shared: they bind in this process.
     *
     * <p>Servers on Unix-domain sockets share a path in the same way
     * ({@code bindAddress(() -> new DomainSocketAddress("/run/app/http"))}), but not by {@link Listening#reusePort()}. The
     * primary makes the file and removes it at its end; a socket that nobody listens on is replaced, any other file fails
     * the bind. The mode of the file is what the primary's umask leaves of 0777; who may write to it may connect. A client
     * has no address there, see {@link Listening}.
     */
    LoopResources resources();

    /**
     * Returns other event loops on which servers share their ports, as {@link #resources()}.
     *
     * @param loops run on epoll; stay their owner's
     */
    LoopResources resources(LoopResources loops);

    /**
     * Returns what counts the requests of HTTP servers for {@link Recycling#maxRequests()}, of any version of HTTP:
     * {@code HttpServer.create().runOn(worker.resources()).childObserve(worker.requestCounter())}. Without it no request
     * is counted.
     */
    ConnectionObserver requestCounter();

    /**
     * Lets this worker wait before it serves: for a warm-up, a cache, a database. Until all conditions have completed its
     * servers are bound but accept nothing, so clients get other workers, or wait; and the worker is not ready, which is
     * what a {@link Primary#reload()} and {@link PrimarySpec#startTimeout} wait for. Without a condition a worker is ready
     * as soon as a server is bound or its program has returned. Call it before the servers are bound.
     *
     * @param condition subscribed to at once; its error ends this worker as if its program had thrown
     * @throws IllegalStateException if the worker is ready already
     */
    void readyAfter(Mono<?> condition);

    /**
     * Sends a message to the primary, see {@link io.spindle.process.ipc.Channel#send(Object)}.
     *
     * @param message written by Jackson as CBOR
     */
    Mono<Void> send(Object message);

    /**
     * Asks the primary and waits for the answer of {@link PrimarySpec#onRequest}. There is no time limit: add
     * {@code timeout}.
     *
     * @param subject names who answers; what begins with {@code spindle.} is taken
     * @param message written by Jackson as CBOR
     * @return as {@link io.spindle.process.ipc.Channel#request}
     */
    Mono<Message> request(String subject, Object message);

    /** Returns the messages of the primary, see {@link io.spindle.process.ipc.Channel#receive()}. */
    Flux<Message> receive();

    /** The same as {@link #receive()}, read as one type, see {@link io.spindle.process.ipc.Channel#receive(Class)}. */
    <T> Flux<T> receive(Class<T> type);

    /**
     * Lets the primary read meters of this worker, for {@link Primary#meters()}; {@link ClusterMeters#publish} does it for a
     * Micrometer registry. They are read whenever somebody asks the primary, and when this worker has drained: what is counted
     * is not lost with it then. Of a worker that ends in another way is lost what was counted since they were read last.
     *
     * @param meters read on {@code Schedulers.boundedElastic()}, by one thread at a time, so it may block; two seconds at most
     *     are waited for it, half a second when this worker leaves, and what it throws is an answer that did not come. Further calls
     *     add to it, the same one twice does not. What it counts must never fall
     * @return takes it back
     */
    Disposable publishMeters(Supplier<List<ClusterMeter>> meters);

    /**
     * Ends this worker as if the primary had asked: it stops accepting, finishes what runs and exits with code 0. It is
     * not replaced. Node analogue: {@code cluster.worker.disconnect()}.
     *
     * @return completes when the drain has ended; the process exits then
     */
    Mono<Void> disconnect();

    /**
     * Completes when this worker serves: it is ready, and no standby or promoted, see {@link PrimarySpec#standby(int)}. Time to
     * begin what only workers that serve should do, such as to take jobs from a queue.
     */
    Mono<Void> onReady();

    /** Completes when this worker has been told to end: time to stop schedules and to refuse new work. */
    Mono<Void> onDrain();
}
