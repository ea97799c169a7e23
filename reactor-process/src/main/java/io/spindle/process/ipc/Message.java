// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What a peer sent: a payload, in CBOR or JSON, and perhaps a file descriptor. The payload is immutable and may be read any
 * number of times, from any thread.
 *
 * @since 0.1.0
 */
public final class Message {

    private final String subject;
    private final byte[] payload;
    private final Format format;
    private final AtomicReference<@Nullable FileDescriptor> descriptor;

    Message(String subject, byte[] payload, Format format, @Nullable FileDescriptor descriptor) {
        this.subject = subject;
        this.payload = payload;
        this.format = format;
        this.descriptor = new AtomicReference<>(descriptor);
    }

    /** Returns the subject of a request, or the empty string for a message and a reply. */
    public String subject() {
        return subject;
    }

    /** Returns the length of the payload in bytes. */
    public int length() {
        return payload.length;
    }

    /**
     * Reads the payload as the given type, by Jackson. Fields that the type does not have are skipped.
     *
     * @param type a record, a bean, a {@code String}, a {@code Map}, a boxed primitive, an array…; never taken from the
     *     wire
     * @throws MessageFormatException if the payload is not one, or null, which a peer in another language may send
     */
    public <T> T as(Class<T> type) {
        return format.read(payload, Objects.requireNonNull(type, "type"));
    }

    /**
     * The same for a type with type arguments, such as a {@code List} of records.
     *
     * @param type as {@link java.lang.reflect.Method#getGenericReturnType()} tells it, for example; must describe
     *     {@code T}
     * @throws MessageFormatException if the payload is not one, or null, as for {@link #as(Class)}
     */
    @SuppressWarnings("TypeParameterUnusedInFormals") // a Type says at run time what T is, and nothing can check it
    public <T> T as(Type type) {
        return format.read(payload, Objects.requireNonNull(type, "type"));
    }

    /**
     * Takes the file descriptor that came with the message. The caller owns it from now on and closes it; a second
     * call finds none.
     */
    public Optional<FileDescriptor> takeDescriptor() {
        return Optional.ofNullable(descriptor.getAndSet(null));
    }

    /** Closes the descriptor that nobody took. Whoever drops a message unread calls this; it is idempotent. */
    public void discard() {
        takeDescriptor().ifPresent(Message::close);
    }

    static void close(FileDescriptor descriptor) {
        try {
            descriptor.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return "Message(" + (subject.isEmpty() ? "" : subject + ", ") + payload.length + " bytes)";
    }
}
