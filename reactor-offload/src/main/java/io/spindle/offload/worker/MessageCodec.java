// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import java.util.Objects;
import java.util.function.Function;

/**
 * Copies messages: with it a channel or a worker hands over copies instead of references, as Node's structured clone
 * does, so that neither side sees what the other changes later. A message is encoded where it is sent, at the call,
 * and decoded where it is received; a request and its answer are decoded where they are sent too: who asks is told if
 * that fails. Either may fail, with any exception. Thread-safe: both ends call it at once.
 *
 * @param <T> the messages
 * @since 0.1.0
 */
public interface MessageCodec<T> {

    /**
     * Returns a message as bytes.
     *
     * @param message not null
     * @return the caller's: kept until the message is received
     */
    byte[] encode(T message);

    /**
     * Returns the message that {@link #encode} was given, as a new object.
     *
     * @param bytes from {@link #encode}
     * @return not null
     */
    T decode(byte[] bytes);

    /**
     * Copies one message at once, such as {@code workerData}.
     *
     * @param message not null
     * @return a copy
     * @throws MessageCodecException if this codec fails
     */
    default T copy(T message) {
        return CodecSteps.unpack(this, CodecSteps.pack(this, message));
    }

    /**
     * Makes a codec of two functions.
     *
     * @param encode gives the bytes of a message
     * @param decode makes a message of them
     */
    static <T> MessageCodec<T> of(Function<? super T, byte[]> encode, Function<byte[], ? extends T> decode) {
        Objects.requireNonNull(encode, "encode");
        Objects.requireNonNull(decode, "decode");
        return new MessageCodec<>() {
            @Override
            public byte[] encode(T message) {
                return encode.apply(message);
            }

            @Override
            public T decode(byte[] bytes) {
                return decode.apply(bytes);
            }
        };
    }
}
