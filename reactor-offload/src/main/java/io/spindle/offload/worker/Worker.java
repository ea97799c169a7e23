// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.Handle;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
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
 * it is there for. Messages pass by reference, not by copy.
 *
 * <p>Signals come home: if it was started on a loop, {@link #online()}, {@link #error()} and {@link #exit()} signal on
 * that loop, and {@link #messages()} on the loop it was subscribed on; the worker keeps the loop it was started on alive
 * until its exit code was signalled, save after {@link #unref()}, and is terminated when that loop ends. Without a
 * loop, they signal on {@code Schedulers.parallel()}: never on the worker's own thread.
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
            EnvironmentData.current().remove(key);
        } else {
            EnvironmentData.current().put(key, value);
        }
    }

    /**
     * Returns what was set for {@code key}, here or where this worker was started.
     *
     * @param key as it was set
     */
    static Optional<Object> environmentData(Object key) {
        return Optional.ofNullable(EnvironmentData.current().get(key));
    }

    /** Returns the name of the worker and of its thread. */
    String name();

    /** Returns the number of the worker, unique in this JVM, from 1 on; -1 when it has ended. */
    int threadId();

    /**
     * Sends a message to the worker if there is room; it is kept until the worker listens.
     *
     * @param message not null
     * @return false if it was not sent: too many wait, see {@link WorkerSpec#queueCapacity(int)}, or the worker has
     *     ended or does not listen any more
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
     * @return a hot {@code Mono}, never empty
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
