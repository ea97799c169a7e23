// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.util.List;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The running programs of a {@link Pipeline}, made by {@link Pipeline#spawn()}, whose caller disposes them or waits for
 * their end. Each is a {@link ChildProcess} with its own stderr, exit and signals; this is what they have in common.
 *
 * <p>Thread-safe; signals come where those of {@link ChildProcess} do.
 *
 * @since 0.1.0
 */
public interface ChildPipeline extends Disposable {

    /** Returns what it was started from. */
    Pipeline pipeline();

    /** Returns the processes, the first stage first; unmodifiable. */
    List<ChildProcess> stages();

    /**
     * Streams the standard output of the last stage, by the rules of {@link ChildProcess#stdout()}. As soon as it is
     * subscribed to, what the stages write to stderr no longer stops them.
     *
     * @return for one subscriber, who releases each buffer; an error if it is not piped to this process
     */
    Flux<ByteBuf> stdout();

    /**
     * Emits how the processes ended, the first stage first, when all have.
     *
     * @return replayed to late subscribers, never empty, never an error; cancel stops the waiting only
     */
    Mono<List<ExitStatus>> exit();

    /**
     * The same as {@link #exit()}, but emits when in addition the outputs have ended.
     *
     * @return replayed to late subscribers, never empty, never an error; cancel stops the waiting only
     */
    Mono<List<ExitStatus>> close();

    /**
     * Ends each stage as {@link ChildProcess#disposeGracefully()} does, all at the same time.
     *
     * @return emits when all have ended; nothing happens before subscription, and cancel stops the waiting only
     */
    Mono<List<ExitStatus>> disposeGracefully();

    /** Kills the processes and their descendants and closes the pipes, now and without waiting. Idempotent. */
    @Override
    void dispose();

    /** Returns whether each stage was disposed or has ended with its output. */
    @Override
    boolean isDisposed();
}
