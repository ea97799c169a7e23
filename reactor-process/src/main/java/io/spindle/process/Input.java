// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEventLoop;
import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Where a child's standard input comes from. Immutable; may be shared between commands unless its publisher allows
 * one subscriber only.
 *
 * <p>A child that stops reading is not an error: what it does not want is dropped and the publisher is cancelled, as
 * when {@code head} ends in a shell's pipeline.
 *
 * @since 0.1.0
 */
public final class Input {

    private static final Input PIPE = new Input(null, null);
    private static final Input INHERIT = new Input(Redirect.INHERIT, null);
    private static final Input EMPTY = new Input(Redirect.from(nullDevice()), null);

    private final @Nullable Redirect redirect;
    private final @Nullable Publisher<? extends ByteBuf> publisher;

    private Input(@Nullable Redirect redirect, @Nullable Publisher<? extends ByteBuf> publisher) {
        this.redirect = redirect;
        this.publisher = publisher;
    }

    private static File nullDevice() {
        return new File(File.separatorChar == '\\' ? "NUL" : "/dev/null");
    }

    /**
     * Feeds a text, encoded as UTF-8, and ends the input.
     *
     * @param text held as long as the command is
     */
    public static Input of(String text) {
        return ofOwned(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Feeds bytes and ends the input.
     *
     * @param bytes copied
     */
    public static Input of(byte[] bytes) {
        return ofOwned(bytes.clone());
    }

    private static Input ofOwned(byte[] bytes) {
        return new Input(null, Mono.fromSupplier(() -> Unpooled.wrappedBuffer(bytes)));
    }

    /**
     * Feeds what a publisher emits, no faster than the child reads. It is subscribed to once for each child, on an
     * I/O thread; it is cancelled when the child stops reading or ends. Its error kills the process tree and becomes
     * the error of the child's outputs and of {@code exec}.
     *
     * @param publisher each buffer is released once it is written or dropped
     */
    public static Input of(Publisher<? extends ByteBuf> publisher) {
        return new Input(null, Objects.requireNonNull(publisher, "publisher"));
    }

    /**
     * The same as {@link #of(Publisher)} for texts, encoded as UTF-8. Nothing is put between them.
     *
     * @param publisher for each child, subscribed to once
     */
    public static Input ofStrings(Publisher<String> publisher) {
        return new Input(
                null, Flux.from(publisher).map(text -> Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8))));
    }

    /**
     * The same as {@link #of(Publisher)} for byte arrays, which are not copied.
     *
     * @param publisher for each child, subscribed to once
     */
    public static Input ofBytes(Publisher<byte[]> publisher) {
        return new Input(null, Flux.from(publisher).map(Unpooled::wrappedBuffer));
    }

    /**
     * Leaves it open, to be written by {@link ChildProcess#stdin()} while the child runs: for {@link Command#spawn()}
     * only.
     */
    public static Input pipe() {
        return PIPE;
    }

    /**
     * Lets the child read a file itself; no byte goes through this process.
     *
     * @param file must exist when the command is started. A named pipe that nobody writes holds up one of the few threads
     *     that start programs, until somebody opens it
     */
    public static Input file(Path file) {
        return new Input(Redirect.from(file.toFile()), null);
    }

    /** Gives the child the standard input of this process. */
    public static Input inherit() {
        return INHERIT;
    }

    /** An input that has ended: the default. */
    public static Input empty() {
        return EMPTY;
    }

    /** What {@code ProcessBuilder} is told, or null if it is to be a pipe that we feed. */
    @Nullable
    Redirect redirect() {
        return redirect;
    }

    boolean isPipe() {
        return this == PIPE;
    }

    /**
     * Returns what is fed into the pipe of one child, or null without one.
     *
     * @param loop of the pipe
     */
    @Nullable
    Publisher<? extends ByteBuf> publisher(IoEventLoop loop) {
        return isPipe() ? new WrittenInput(loop) : publisher;
    }
}
