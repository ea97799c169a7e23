// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts a stream of bytes into lines, wherever its chunks end; a line that is too long comes in pieces. Used by one thread. */
final class LineCutter {

    static final int MAX_LINE_BYTES = 8 << 10;

    private final byte[] begun = new byte[MAX_LINE_BYTES];
    private int size;
    private boolean isPiece; // what came before belongs to the same line

    /** Takes a chunk, releases it, and returns the lines that are now complete, without their ends. */
    List<byte[]> feed(ByteBuf chunk) {
        List<byte[]> lines = new ArrayList<>();
        try {
            while (chunk.isReadable()) {
                take(chunk, lines);
            }
        } finally {
            chunk.release();
        }
        return lines;
    }

    private void take(ByteBuf chunk, List<byte[]> lines) {
        int end = chunk.bytesBefore((byte) '\n');
        int length = end < 0 ? chunk.readableBytes() : end;
        int piece = Math.min(length, MAX_LINE_BYTES - size);
        chunk.readBytes(begun, size, piece);
        size += piece;
        if (end == piece) {
            chunk.skipBytes(1);
            if (size > 0 || !isPiece) { // its last piece was full
                add(lines);
            }
            isPiece = false;
        } else if (size == MAX_LINE_BYTES) {
            add(lines);
            isPiece = true;
        }
    }

    private void add(List<byte[]> lines) {
        lines.add(Arrays.copyOf(begun, size));
        size = 0;
    }

    /** Returns what is left: a last line without an end. */
    List<byte[]> end() {
        List<byte[]> lines = new ArrayList<>();
        if (size > 0) {
            add(lines);
        }
        return lines;
    }
}
