// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * The standard input of a running child, written piece by piece: what {@link Input#pipe()} makes.
 *
 * <p>Writes go out in the order of their subscriptions, each when those before it have ended, and no faster than the
 * child reads. Nothing is written before subscription; each subscription writes once more. Thread-safe. Signals come as
 * those of the {@link ChildProcess}. Node analogue: {@code child.stdin}, a writable stream with {@code drain}.
 *
 * @since 0.1.0
 */
public interface ChildInput {

    /**
     * Writes what a publisher emits. <b>Backpressure</b>: it is asked for as much as the pipe takes, some 16 buffers
     * ahead. <b>Cancel</b> cancels the publisher; what it had emitted is written.
     *
     * @param publisher each buffer is released once it is written or dropped; its error is that of the returned
     *     {@code Mono} alone, and the input stays open
     * @return completes when the pipe has taken everything; errors with {@link InputClosedException} if the child
     *     reads no more, has ended, or {@link #end()} came before
     */
    Mono<Void> write(Publisher<? extends ByteBuf> publisher);

    /**
     * The same as {@link #write(Publisher)} for a text, encoded as UTF-8. Nothing is put behind it.
     *
     * @param text with its own line ends
     */
    default Mono<Void> write(String text) {
        Objects.requireNonNull(text, "text");
        return write(Mono.fromSupplier(() -> Unpooled.copiedBuffer(text, StandardCharsets.UTF_8)));
    }

    /**
     * Ends the input when what was written before has been taken: the child reads the end of its file.
     *
     * @return completes when the input has ended, also if it had before; never an error
     */
    Mono<Void> end();
}
