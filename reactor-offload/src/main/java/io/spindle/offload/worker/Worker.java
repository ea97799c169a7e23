// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.Handle;
import io.spindle.loop.LoopMetrics;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A thread with an event loop of its own, seen from the one who started it. Node analogue: {@code Worker} of
 * {@code node:worker_threads}.
 *
 * <p>It ends when its loop has nothing left to do, by {@link WorkerContext#exit(int)}, by an error, or by
 * {@link #terminate()}. The order at the end is Node's: all its messages, then the error if there is one, then the exit
 * code. {@link #online()} has no order against the messages.
 *
 * <p>Its thread must not block, as that of any {@link io.spindle.loop.EventLoop}; computing, for however long, is what
 * it is there for. Messages pass by reference, or by copy with
 * {@link WorkerSpec#codecs}.
 *
 * <p>Signals come home: if it was started on a loop, {@link #online()}, {@link #error()} and {@link #exit()} signal on
 * that loop, and {@link #messages()} on the loop it was subscribed on; the worker keeps the loop it was started on alive
 * until its exit code was signalled, save after {@link #unref()}, and is terminated when that loop ends. On a loop that
 * has ended nothing is signalled any more, no completion either. Without a loop, they signal on
 * {@code Schedulers.parallel()}: never on the worker's own thread.
 *
 * <p>Thread-safe.
 *
 * @param <I> what the worker receives
 * @param <O> what the worker sends
 * @since 0.1.0
 */
public interface Worker<I, O> extends Handle {

    /**
     * Computes a value on a fresh worker, one for each subscription.
     * <ul>
     *   <li><b>Signals on</b> the event loop it was subscribed on, else on {@code Schedulers.parallel()}.
     *   <li><b>Cancel</b> interrupts the task: {@link #terminate()}.
     *   <li><b>Errors</b> with what the task throws.
     * </ul>
     *
     * @param task runs on a loop of its own, must not block; null for an empty {@code Mono}
     * @return a cold {@code Mono} of its value
     */
    static <T> Mono<T> run(Callable<? extends @Nullable T> task) {
        return DefaultWorker.compute(task);
    }

    /**
     * Sets what every worker that is started from here later on finds under {@code key}: a copy of all such data is made
     * when a worker starts, and handed on to the workers that it starts. Seen by the worker it is called in, or else by
     * all code that is in no worker. Node analogue: {@code setEnvironmentData}.
     *
     * @param key with {@code equals} and {@code hashCode}
     * @param value passed by reference, should be immutable; null to remove it
     */
    static void setEnvironmentData(Object key, @Nullable Object value) {
        if (value == null) {
            WorkerScope.current().environmentData().remove(key);
        } else {
            WorkerScope.current().environmentData().put(key, value);
        }
    }

    /**
     * Returns what was set for {@code key}, here or where this worker was started.
     *
     * @param key as it was set
     */
    static Optional<Object> environmentData(Object key) {
        return Optional.ofNullable(WorkerScope.current().environmentData().get(key));
    }

    /**
     * Sends a message to whoever handles those of a thread id: see {@link #onThreadMessage}. No port is needed.
     * <ul>
     *   <li><b>Signals on</b> the event loop it was subscribed on, which it keeps alive, else on
     *       {@code Schedulers.parallel()}.
     *   <li><b>Cancel</b>, so that of {@code timeout} too, takes it back if it was not handled yet. So does the end of
     *       the loop it was subscribed on, after which nothing is signalled.
     *   <li><b>Errors</b> with {@link PortClosedException} if there is no such thread, it has no handler, or ends
     *       before it was handled; with what the handler throws; with {@code IllegalArgumentException} if the thread is
     *       the caller's own.
     * </ul>
     *
     * <p>Node analogue: {@code postMessageToThread}.
     *
     * @param threadId of a worker, or 0 for all code that is in no worker
     * @param message not null; passes by reference
     * @return a cold {@code Mono} that completes when the message was handled
     */
    static Mono<Void> postMessageToThread(int threadId, Object message) {
        return WorkerScope.post(threadId, message);
    }

    /**
     * Handles what is posted to the thread id of the worker this is called in, or to 0 in code that is in no worker:
     * one handler at a time. It does not keep its loop alive. Node analogue: {@code process.on('workerMessage')}.
     *
     * @param handler gets the message and the thread id it comes from; runs on the loop this is called on, or else on
     *     {@code Schedulers.parallel()}; must not block; what it throws goes to the sender
     * @return to take the handler away; a message that it is at is handled, and its sender told so
     * @throws IllegalStateException if there is a handler
     */
    static Disposable onThreadMessage(ObjIntConsumer<Object> handler) {
        return WorkerScope.current().onPosted(handler);
    }

    /** Returns the name of the worker and of its thread. */
    String name();

    /** Returns the number of the worker, unique in this JVM, from 1 on; -1 when it has ended. */
    int threadId();

    /** Returns what the worker's loop has done and has to do; empty before it is online and after its end. */
    Optional<LoopMetrics> metrics();

    /**
     * Returns the share of its time in which the worker's loop was awake: from 0 to 1, 0 before it is online and after
     * its end. For a period, subtract two {@link #metrics()}. Node analogue:
     * {@code worker.performance.eventLoopUtilization()}.
     */
    double utilization();

    /**
     * Sends a message to the worker if there is room; it is kept until the worker listens.
     *
     * @param message not null
     * @return false if it was not sent: too many wait, see {@link WorkerSpec#queueCapacity(int)}, or the worker has
     *     ended or does not listen any more
     * @throws MessageCodecException if messages are copied and this one cannot be encoded
     */
    boolean postMessage(I message);

    /**
     * Sends a message to the worker as soon as there is room: see {@link MessagePort#send}.
     *
     * @param message not null
     * @return a cold {@code Mono} that completes when the message is on its way
     */
    Mono<Void> send(I message);

    /**
     * Receives from the worker: one subscriber at a time. What arrives while there is none is kept, up to the capacity.
     * <ul>
     *   <li><b>Backpressure</b>: what was not requested is kept; when the capacity is reached, the worker is told.
     *   <li><b>Cancel</b> stops listening, not the worker.
     *   <li><b>Errors</b> with what ended the worker, after the messages before it.
     * </ul>
     *
     * @return a hot {@code Flux} that completes when the worker has ended, or errors if it failed
     */
    Flux<O> messages();

    /**
     * Emits what the worker sent and could not be decoded, see {@link WorkerSpec#codecs}: see
     * {@link MessagePort#messageErrors()}.
     *
     * @return a hot {@code Flux} that completes when the worker has ended
     */
    Flux<MessageCodecException> messageErrors();

    /**
     * Asks the worker's handler, see {@code parentPort().onRequest(…)} and {@link MessagePort#request}. What is not
     * answered when the worker has ended fails with {@link PortClosedException}.
     *
     * @param message not null
     * @return a cold {@code Mono} of the answer, empty if the handler's is
     */
    Mono<O> request(I message);

    /**
     * Answers the requests of the worker, on the loop this is called on or else on {@code Schedulers.parallel()}: see
     * {@link MessagePort#onRequest}.
     *
     * @param handler must not block
     * @return to take the handler away
     * @throws IllegalStateException if there is a handler
     */
    Disposable onRequest(Function<? super O, ? extends Mono<? extends I>> handler);

    /**
     * Completes when the worker's thread has started its loop.
     *
     * @return a hot {@code Mono}; completes with {@link #exit()} if the worker was terminated before
     */
    Mono<Void> online();

    /**
     * Emits what ended the worker: what its code threw and nothing there handled. If nobody subscribes to this or to
     * {@link #messages()}, the error goes to the uncaught handler of the loop it was started on, or else to the log.
     *
     * @return a hot {@code Mono}, empty if the worker ended without an error
     */
    Mono<Throwable> error();

    /**
     * Emits the exit code, once everything else was signalled: 0 when the worker had nothing left to do, n after
     * {@code exit(n)}, 1 after an error or {@link #terminate()}. A subscriber to {@link #messages()} that does not
     * request what is there holds it back.
     *
     * @return a hot {@code Mono}, never empty; nothing is signalled if the loop that it was subscribed on ends before
     */
    Mono<Integer> exit();

    /**
     * Ends the worker: its loop runs no further callback, the one that runs is interrupted. Code that neither returns
     * nor reacts to an interrupt goes on: a thread of the JVM cannot be killed. What it had posted still arrives.
     *
     * @return a cold {@code Mono} of the exit code, which waits for the end; empty if the worker has ended before
     */
    Mono<Integer> terminate();

    /** Begins {@link #terminate()} and does not wait. Idempotent. */
    @Override
    void dispose();

    /**
     * Sends the worker no more: its {@code messages()} complete when it has received everything, so that a worker that
     * waits for nothing else ends. From the subscription on.
     *
     * @return completes with {@link #exit()}; cancel stops the waiting, not the ending
     */
    Mono<Void> disposeGracefully();

    /** Returns whether the worker has ended or is being terminated. */
    @Override
    boolean isDisposed();

    /**
     * Lets the worker keep the loop it was started on alive again. The default. Without effect if it was started on
     * none.
     */
    @Override
    Worker<I, O> ref();

    /** Lets the loop that the worker was started on end without it, which terminates the worker. */
    @Override
    Worker<I, O> unref();
}
