// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What a peer sent: a payload in CBOR and perhaps a file descriptor. The payload is immutable and may be read any
 * number of times, from any thread.
 *
 * @since 0.1.0
 */
public final class Message {

    private final String subject;
    private final byte[] payload;
    private final AtomicReference<@Nullable FileDescriptor> descriptor;

    Message(String subject, byte[] payload, @Nullable FileDescriptor descriptor) {
        this.subject = subject;
        this.payload = payload;
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
     * @throws MessageFormatException if the payload is not one
     */
    public <T> T as(Class<T> type) {
        return Cbor.read(payload, Objects.requireNonNull(type, "type"));
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
