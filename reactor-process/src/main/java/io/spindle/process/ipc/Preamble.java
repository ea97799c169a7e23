// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The first bytes on each socket of a channel, from the peer that connects: magic, version, role, format, token.
 *
 * <p>A channel has two sockets because Netty reads a Unix socket either as bytes or as descriptors: one carries the
 * frames, the other the descriptors that some frames announce. A peer that takes no descriptors opens the first alone.
 */
record Preamble(byte role, Format format, String token) {

    static final byte FRAMES = 'F';
    static final byte DESCRIPTORS = 'D';
    static final byte FRAMES_ALONE = 'A';
    static final int TOKEN_BYTES = 43; // 32 random bytes in Base64
    static final int LENGTH = Integer.BYTES + 3 + TOKEN_BYTES;

    private static final int MAGIC = 0x53504C43; // SPLC
    private static final byte VERSION = 1;

    ByteBuf write(ByteBufAllocator allocator) {
        ByteBuf bytes = allocator.buffer(LENGTH);
        bytes.writeInt(MAGIC).writeByte(VERSION).writeByte(role).writeByte(format.code());
        bytes.writeCharSequence(token, StandardCharsets.US_ASCII);
        return bytes;
    }

    /** Reads exactly {@link #LENGTH} bytes; null if they are not a preamble of this version. */
    static @Nullable Preamble read(ByteBuf bytes) {
        if (bytes.readInt() != MAGIC || bytes.readByte() != VERSION) {
            return null;
        }
        byte role = bytes.readByte();
        Format format = Format.of(bytes.readByte());
        boolean known = role == FRAMES || role == DESCRIPTORS || role == FRAMES_ALONE;
        if (!known || format == null) {
            return null;
        }
        return new Preamble(
                role,
                format,
                bytes.readCharSequence(TOKEN_BYTES, StandardCharsets.US_ASCII).toString());
    }
}
