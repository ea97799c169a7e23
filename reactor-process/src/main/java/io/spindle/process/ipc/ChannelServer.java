// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.spindle.loop.EventLoop;
import java.nio.file.Path;
import java.util.Objects;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Where the children of this process connect: a Unix-domain socket in a directory of its own (mode 0700, under
 * {@code java.io.tmpdir}), which is removed at the end. Nobody gets in without an {@link Invitation}.
 *
 * <p>Thread-safe. Disposing it leaves the channels open that were accepted.
 *
 * @since 0.1.0
 */
public interface ChannelServer extends Disposable {

    /**
     * Opens the socket.
     *
     * <p><b>Signals on</b> the given loop. <b>Errors</b> with {@link java.io.IOException} if the directory cannot be
     * made or its path is too long for a socket (100 bytes), with {@link UnsupportedOperationException} where there is
     * no epoll. <b>Cancel</b> removes what was made; a server that is on its way to the subscriber in that moment is the
     * subscriber's to dispose, those of Reactor that drop it then hand it to {@code Hooks.onNextDropped}.
     *
     * @param loop does all I/O of the server and of its channels, which keep it alive
     * @return a cold {@code Mono} of the server, never empty
     */
    static Mono<ChannelServer> bind(EventLoop loop) {
        return DefaultChannelServer.bind(Objects.requireNonNull(loop, "loop"));
    }

    /**
     * Returns the path of the socket, for tools that look for it: a link may lead to it. Its directory is this server's
     * own, which deletes it at the end: nothing else may be left there.
     */
    Path socket();

    /** Writes an invitation with a new secret, for one peer. */
    Invitation invite();

    /**
     * Waits for the peer of an invitation. Nothing that the peer sends is read before the channel has been emitted and
     * the subscriber has returned, with its handlers set. To be called before the peer can have connected, for the
     * invitation is used then; the result may be subscribed to at any time and more than once.
     *
     * <p><b>Signals on</b> the event loop that it is subscribed on, else on the server's loop, or the subscriber's thread
     * if the peer has connected before. <b>Cancel</b> stops the waiting alone.
     *
     * @param invitation from {@link #invite()} of this server
     * @return the channel, as soon as the peer has connected; errors with {@link ChannelClosedException} if the
     *     invitation had been used or revoked when this was called, is revoked, or the server is disposed
     */
    Mono<Channel> accept(Invitation invitation);

    /**
     * Takes an invitation back if nobody has used it. Idempotent.
     *
     * @param invitation from {@link #invite()} of this server
     */
    void revoke(Invitation invitation);

    /** Stops listening, revokes all invitations and removes the directory. Idempotent, see {@link #onDispose()}. */
    @Override
    void dispose();

    /** Completes when the server was disposed and its directory is gone; signals on {@code boundedElastic}. */
    Mono<Void> onDispose();
}
