// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.unix.FileDescriptor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request.
 *
 * @since 0.1.0
 */
public final class Reply {

    private final Object value;
    private final @Nullable FileDescriptor descriptor;

    private Reply(Object value, @Nullable FileDescriptor descriptor) {
        this.value = value;
        this.descriptor = descriptor;
    }

    /**
     * Makes an answer.
     *
     * @param value written by Jackson as soon as the handler's {@code Mono} has emitted it; if that fails, or it is too
     *     long, the request fails at the peer
     */
    public static Reply of(Object value) {
        return new Reply(Objects.requireNonNull(value, "value"), null);
    }

    /**
     * Makes an answer that carries a file descriptor.
     *
     * @param value as for {@link #of(Object)}
     * @param descriptor the peer gets a duplicate; stays the caller's and must be open until the reply has been sent
     */
    public static Reply of(Object value, FileDescriptor descriptor) {
        return new Reply(Objects.requireNonNull(value, "value"), Objects.requireNonNull(descriptor, "descriptor"));
    }

    byte[] payload(Format format) {
        return format.write(value);
    }

    @Nullable
    FileDescriptor descriptor() {
        return descriptor;
    }
}
