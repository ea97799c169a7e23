// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/** The two steps of a copy, and what becomes of their errors. Without a codec, a message is its own packed form. */
final class CodecSteps {

    private CodecSteps() {}

    static <T> Object pack(@Nullable MessageCodec<T> codec, T message) {
        Objects.requireNonNull(message, "message");
        if (codec == null) {
            return message;
        }
        try {
            return Objects.requireNonNull(codec.encode(message), "the bytes of a message");
        } catch (Throwable error) {
            Exceptions.throwIfFatal(error);
            throw new MessageCodecException(
                    "a message of " + message.getClass().getName() + " could not be encoded", error);
        }
    }

    @SuppressWarnings("unchecked") // what was packed without a codec is a message
    static <T> T unpack(@Nullable MessageCodec<T> codec, Object packed) {
        if (codec == null) {
            return (T) packed;
        }
        byte[] bytes = (byte[]) packed;
        try {
            return Objects.requireNonNull(codec.decode(bytes), "the message of the bytes");
        } catch (Throwable error) {
            Exceptions.throwIfFatal(error);
            throw new MessageCodecException("a message of " + bytes.length + " bytes could not be decoded", error);
        }
    }
}
