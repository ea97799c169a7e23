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

    private final byte[] payload;
    private final @Nullable FileDescriptor descriptor;

    private Reply(byte[] payload, @Nullable FileDescriptor descriptor) {
        this.payload = payload;
        this.descriptor = descriptor;
    }

    /**
     * Makes an answer.
     *
     * @param value written by Jackson as CBOR, at once
     * @throws IllegalArgumentException if Jackson cannot write it
     */
    public static Reply of(Object value) {
        return new Reply(Cbor.write(Objects.requireNonNull(value, "value")), null);
    }

    /**
     * Makes an answer that carries a file descriptor.
     *
     * @param value written by Jackson as CBOR, at once
     * @param descriptor the peer gets a duplicate; stays the caller's and must be open until the reply has been sent
     * @throws IllegalArgumentException if Jackson cannot write the value
     */
    public static Reply of(Object value, FileDescriptor descriptor) {
        return new Reply(
                Cbor.write(Objects.requireNonNull(value, "value")), Objects.requireNonNull(descriptor, "descriptor"));
    }

    byte[] payload() {
        return payload;
    }

    @Nullable
    FileDescriptor descriptor() {
        return descriptor;
    }
}
