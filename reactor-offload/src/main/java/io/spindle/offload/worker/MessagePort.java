// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import java.util.Optional;
import java.util.function.Function;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One end of a bounded, ordered, two-way channel. Messages pass by reference: send what is immutable, or what you do
 * not touch any more; or let a {@link MessageCodec} copy them. What has one owner is sent by its {@code transfer()}:
 * another {@link #transfer() port}, or anything that is {@link Owned}. Node analogue: the class of the same name, which
 * copies and has no bound.
 *
 * <p>Thread-safe.
 *
 * @param <S> what this end sends
 * @param <R> what this end receives
 * @since 0.1.0
 */
public interface MessagePort<S, R> {

    /**
     * Sends a message if there is room. Those of one thread arrive in their order.
     *
     * @param message not null
     * @return false if it was not sent: too many wait, as {@link WorkerSpec#queueCapacity(int)} or the
     *     {@link MessageChannel} says, or the port is closed
     * @throws MessageCodecException if the port copies and the message cannot be encoded
     */
    boolean postMessage(S message);

    /**
     * Sends a message as soon as there is room.
     * <ul>
     *   <li><b>Signals on</b> the subscriber's thread if there is room; else on the event loop it was subscribed on, or
     *       on {@code Schedulers.parallel()}.
     *   <li><b>Cancel</b> before it is sent: it never is.
     *   <li><b>Errors</b> with {@link PortClosedException} if the port is or gets closed, with
     *       {@link MessageCodecException} if the port copies and the message cannot be encoded.
     * </ul>
     *
     * @param message not null
     * @return a cold {@code Mono} that completes when the message is on its way
     */
    Mono<Void> send(S message);

    /**
     * Receives: one subscriber at a time. What arrives while there is none is kept, up to the capacity.
     * <ul>
     *   <li><b>Signals on</b> the loop of this end, each message as a callback of its own: that of the worker, or for a
     *       {@link MessageChannel} the one it was subscribed on. A subscription keeps that loop alive until it is
     *       cancelled or the port is closed, unless {@link #unref()} was called.
     *   <li><b>Backpressure</b>: what was not requested is kept; when the capacity is reached, the sender is told.
     * </ul>
     *
     * @return a hot {@code Flux} that completes when the port is closed and everything was received
     */
    Flux<R> messages();

    /**
     * Emits what arrived and could not be decoded, if this port copies; the message is lost, those after it arrive.
     * Signals where {@link #messages()} do. What nobody listens for goes to {@code Operators.onErrorDropped}; who does
     * not request misses all but the latest 256. Node analogue: the event {@code messageerror}.
     *
     * @return a hot {@code Flux} that completes with {@link #onClose()}
     */
    Flux<MessageCodecException> messageErrors();

    /**
     * Takes the next message at once, past {@link #messages()}. Node analogue: {@code receiveMessageOnPort}.
     *
     * @return the message, empty if none waits
     * @throws MessageCodecException if this port copies and the message cannot be decoded
     */
    Optional<R> poll();

    /**
     * Asks the handler of the other end, see {@link #onRequest}. Requests stand in a queue of their own, apart from the
     * messages, with the same capacity; they are kept until there is a handler.
     * <ul>
     *   <li><b>Signals on</b> the event loop it was subscribed on, which it keeps alive, else on
     *       {@code Schedulers.parallel()}.
     *   <li><b>Backpressure</b>: it waits for room, without a thread.
     *   <li><b>Cancel</b>, so that of {@code timeout} too, takes it back or cancels the handler's {@code Mono}. So does
     *       the end of the loop it was subscribed on, after which nothing is signalled.
     *   <li><b>Errors</b> with that of the handler, the same object; with {@link PortClosedException} if the port is or
     *       gets closed before the answer, or the worker on the other side ends; with
     *       {@link java.util.concurrent.CancellationException} if the handler is disposed meanwhile.
     * </ul>
     *
     * <p>Node has no analogue, save the acknowledgement of {@code postMessageToThread}.
     *
     * @param message not null
     * @return a cold {@code Mono} of the answer, empty if the handler's is; each subscription is a request of its own
     */
    Mono<R> request(S message);

    /**
     * Answers the requests of the other end, up to 256 of them at a time: one handler at a time. It is called on the
     * loop of this end, as {@link #messages()} signals, and holds that loop alike.
     *
     * @param handler gets the request and the subscriber's Reactor Context; may throw, must not block; its
     *     {@code Mono} is cancelled when nobody waits for the answer any more
     * @return to take the handler away, which fails the requests that it is at; later ones wait for the next handler
     * @throws IllegalStateException if this end has a handler
     */
    Disposable onRequest(Function<? super R, ? extends Mono<? extends S>> handler);

    /**
     * Closes both directions: what was sent before arrives, then both ends complete. Requests that were not answered so
     * far fail, and the work on them is cancelled. Idempotent.
     */
    void close();

    /**
     * Completes when this port is closed, from either end, and what was sent before is received, if somebody does.
     * Signals on the event loop it was subscribed on, which it does not keep alive, or else on
     * {@code Schedulers.parallel()}. Node analogue: the event {@code close}.
     *
     * @return a hot {@code Mono}
     */
    Mono<Void> onClose();

    /**
     * Moves this end to a new handle, to be sent to another thread: this one is unusable from now on, save
     * {@link #onClose()} and {@link #hasRef()}. What waits in it goes along.
     *
     * @return the new handle
     * @throws IllegalStateException if it was transferred before, is closed, has a subscriber or a request handler, or
     *     belongs to a worker
     */
    MessagePort<S, R> transfer();

    /**
     * Lets a subscription to {@link #messages()} keep the loop alive again. The default.
     *
     * @return this port
     */
    MessagePort<S, R> ref();

    /**
     * Lets the loop end in spite of a subscription to {@link #messages()}.
     *
     * @return this port
     */
    MessagePort<S, R> unref();

    /**
     * Returns whether this port keeps a loop alive at present: it has a subscriber or a request handler there, is not
     * closed, and was not told otherwise.
     */
    boolean hasRef();
}
