// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.loop.EventLoop;
import java.util.Objects;
import java.util.function.Function;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A connection to another process on this machine: messages both ways, requests with replies, file descriptors.
 *
 * <p>Messages of one end arrive in the order of their sends, and demand crosses the process: a message leaves only when
 * the peer's subscriber has asked for one more. Requests and replies are not held up by messages that wait. A peer that
 * breaks the protocol ends this channel alone, with one {@link ChannelProtocolException}.
 *
 * <p>Thread-safe. All I/O happens on the loop given at creation; what is subscribed on another {@link EventLoop} comes
 * home to that one, everything else signals on the channel's loop. Node analogue: {@code process.send} and the events
 * {@code message} and {@code disconnect} of {@code child_process.fork}.
 *
 * @since 0.1.0
 */
public interface Channel extends Disposable {

    /** The longest frame that is sent or accepted, in bytes: 16 MiB. It bounds what one message may occupy. */
    int MAX_FRAME_BYTES = 16 * 1024 * 1024;

    /**
     * Connects to the {@link ChannelServer} that wrote the invitation.
     *
     * <p><b>Signals on</b> the given loop. <b>Errors</b> with an {@link java.io.IOException} if nobody listens, with
     * {@link ChannelClosedException} if the token is not accepted or nobody answers for 20 seconds, and with
     * {@link UnsupportedOperationException} where there is no epoll. <b>Cancel</b> closes the connection.
     *
     * @param invitation from {@link ChannelServer#invite()}; good for one connection
     * @param loop does all I/O of the channel, which keeps it alive
     * @return a cold {@code Mono} of the open channel, never empty
     */
    static Mono<Channel> connect(Invitation invitation, EventLoop loop) {
        return Connector.connect(
                Objects.requireNonNull(invitation, "invitation"), Objects.requireNonNull(loop, "loop"));
    }

    /**
     * Returns the channel to the process that forked this one, the same at each call; connects if that has not been
     * done. Of a program that was started by {@code Fork.of(Class)} the channel is open before its main method begins.
     *
     * <p>Nothing that the parent sends is read before the first subscriber has got the channel, so handlers that are set
     * in {@code doOnNext}, {@code flatMap} or the subscriber miss no request; after {@code block()} they may.
     *
     * <p><b>Life of this JVM</b>: it does not end while somebody is subscribed to {@link #receive()} or
     * {@link #onDispose()} of this channel, a handler is set by {@link #onRequest}, or a send or request is on its way.
     * When all of that has gone, or the two have disconnected, the channel keeps nothing alive. A parent that is lost
     * without having disconnected takes this JVM with it: it exits with code 1, unless somebody is subscribed to
     * {@link #onDispose()}, who then decides. Node analogue: {@code process.send}, {@code process.on('message')} and
     * {@code process.channel.unref()} in a forked program, which outlives its parent.
     *
     * @return signals on the {@link EventLoop} that it is subscribed on, else on the subscribing thread if the channel
     *     is open, else on the channel's loop; empty if this process was not forked; errors as {@link #connect}
     */
    static Mono<Channel> parent() {
        return ParentLink.channel();
    }

    /**
     * Sends a message.
     *
     * <p>Nothing happens before subscription; each subscription sends once more. The message waits, in this process,
     * until the peer has demand: {@code flux.concatMap(channel::send)} passes that demand on, whoever does not wait for
     * the completion holds the messages in memory. <b>Cancel</b> withdraws a message that still waits. <b>Errors</b>
     * with {@link IllegalArgumentException} if Jackson cannot write the message or it is longer than
     * {@link #MAX_FRAME_BYTES}, and with {@link ChannelClosedException} if the channel has ended or ends before.
     *
     * @param message written by Jackson at subscription, on the subscribing thread: as CBOR, or as JSON if the peer has
     *     chosen that when it connected
     * @return completes when the message has been written to the socket
     */
    Mono<Void> send(Object message);

    /**
     * Sends a message with a file descriptor, in order with the others. The peer gets a duplicate; at most 64 are on
     * their way at once, further messages wait.
     *
     * @param message as for {@link #send(Object)}
     * @param descriptor stays the caller's; must be open until the end of the returned {@code Mono}
     * @return completes when the peer has taken the descriptor; errors with {@link ChannelClosedException} if it died
     *     before, so that the descriptor can be given to another, with {@link UnsupportedOperationException} if this
     *     peer takes none, else as {@link #send(Object)}
     */
    Mono<Void> send(Object message, FileDescriptor descriptor);

    /**
     * Returns the peer's messages.
     *
     * <p>One subscriber at a time, a second one gets an {@link IllegalStateException}. <b>Backpressure</b>: demand is
     * granted to the peer, so what nobody asked for stays there. <b>Cancel</b> keeps the channel open; messages that
     * were already granted wait for the next subscriber. <b>Completes</b> when the peer has disconnected or died,
     * <b>errors</b> with {@link ChannelProtocolException}. Whoever drops a message calls {@link Message#discard()}.
     */
    Flux<Message> receive();

    /**
     * The same as {@link #receive()}, read as one type.
     *
     * @param type as for {@link Message#as(Class)}; a message that is something else ends the subscription with
     *     {@link MessageFormatException}, not the channel. A descriptor that came along is closed.
     */
    default <T> Flux<T> receive(Class<T> type) {
        Objects.requireNonNull(type, "type");
        return receive().map(message -> {
            message.discard();
            return message.as(type);
        });
    }

    /**
     * Asks the peer and waits for its answer. There is no time limit: add {@code timeout}. At most 1024 requests are on
     * their way at once, further ones wait here. <b>Cancel</b> cancels the work of the peer's handler.
     *
     * @param subject names the handler at the peer, at most 255 bytes in UTF-8
     * @param message as for {@link #send(Object)}
     * @return the answer, or empty if the handler's {@code Mono} was; errors with {@link RequestFailedException} if the
     *     handler failed or there is none, with {@link ChannelClosedException} if the channel ends first
     */
    Mono<Message> request(String subject, Object message);

    /**
     * Sets who answers the peer's requests for a subject; a later call for the same subject replaces it.
     *
     * @param subject at most 255 bytes in UTF-8
     * @param handler called on the channel's loop, must not block; an empty {@code Mono} is an empty answer, an error is
     *     sent to the peer as text, and a peer that cancels its request cancels the {@code Mono}. At most 1024 requests
     *     are worked on at once, further ones wait at the peer.
     */
    void onRequest(String subject, Function<Message, Mono<Reply>> handler);

    /**
     * Disconnects in good order: sends what was accepted before, tells the peer that nothing follows, and closes when
     * the peer has said the same. From the subscription on, {@link #send} fails. Messages for which the peer has no
     * demand hold this up: combine with {@code timeout} and {@link #dispose()} for a limit. Requests that have no answer
     * by then fail. Node analogue: {@code disconnect()}, which loses what is still in the sender's queue.
     *
     * @return completes as {@link #onDispose()} does; cancel stops the waiting, not the disconnecting
     */
    Mono<Void> disconnect();

    /**
     * Returns whether one of the ends has disconnected; true also after the end of the channel, if it came like that.
     * Node analogue: {@code !connected}.
     */
    boolean isDisconnected();

    /** Closes at once; what waits is dropped and fails with {@link ChannelClosedException}. Idempotent. */
    @Override
    void dispose();

    /**
     * Completes when the channel has ended, for whatever reason but a breach of the protocol; then it errors with
     * {@link ChannelProtocolException}.
     */
    Mono<Void> onDispose();

    /** Returns whether the channel has ended. */
    @Override
    boolean isDisposed();
}
