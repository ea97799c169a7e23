// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The first bytes on each of the two sockets of a channel, from the peer that connects: magic, version, role, token.
 *
 * <p>A channel has two sockets because Netty reads a Unix socket either as bytes or as descriptors: one carries the
 * frames, the other the descriptors that some frames announce.
 */
record Preamble(byte role, String token) {

    static final byte FRAMES = 'F';
    static final byte DESCRIPTORS = 'D';
    static final int TOKEN_BYTES = 43; // 32 random bytes in Base64
    static final int LENGTH = Integer.BYTES + 2 + TOKEN_BYTES;

    private static final int MAGIC = 0x53504C43; // SPLC
    private static final byte VERSION = 1;

    ByteBuf write(ByteBufAllocator allocator) {
        ByteBuf bytes = allocator.buffer(LENGTH);
        bytes.writeInt(MAGIC).writeByte(VERSION).writeByte(role);
        bytes.writeCharSequence(token, StandardCharsets.US_ASCII);
        return bytes;
    }

    /** Reads exactly {@link #LENGTH} bytes; null if they are not a preamble of this version. */
    static @Nullable Preamble read(ByteBuf bytes) {
        if (bytes.readInt() != MAGIC || bytes.readByte() != VERSION) {
            return null;
        }
        byte role = bytes.readByte();
        if (role != FRAMES && role != DESCRIPTORS) {
            return null;
        }
        return new Preamble(
                role,
                bytes.readCharSequence(TOKEN_BYTES, StandardCharsets.US_ASCII).toString());
    }
}
