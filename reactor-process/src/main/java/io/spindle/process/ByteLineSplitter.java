// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Finds the line ends in the bytes and decodes whole lines: faster, and no character is ever cut by a chunk. */
final class ByteLineSplitter extends LineSplitter {

    private static final int CONTINUATION_MASK = 0xC0;
    private static final int CONTINUATION = 0x80;
    private static final int FIRST_BYTES = 512; // many children write little

    private final Charset charset;
    private byte[] bytes = new byte[FIRST_BYTES];
    private int size; // what is left of earlier chunks: a line without its end

    ByteLineSplitter(OutputRules rules, Runnable onFailure) {
        super(rules, onFailure);
        charset = rules.charset();
    }

    @Override
    void split(ByteBuf chunk) {
        int from = size;
        append(chunk);
        byte[] all = bytes; // as a local, for this is where the time goes
        int end = size;
        byte lineEnd = (byte) delimiter;
        int start = 0;
        for (int i = from; i < end; i++) {
            if (all[i] == lineEnd) {
                boolean crlf = dropsReturn() && i > start && all[i - 1] == '\r';
                start = takeLine(start, crlf ? i - 1 : i, i + 1);
                if (hasFailed()) {
                    return;
                }
            }
        }
        if (isSkipping()) {
            start = size;
        } else if (size - start > maxLine + 1L) {
            start = shorten(start, size - 1); // the last byte may be half a line end
        }
        System.arraycopy(bytes, start, bytes, 0, size - start);
        size -= start;
    }

    private void append(ByteBuf chunk) {
        int count = chunk.readableBytes();
        if (bytes.length - size < count) {
            bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, count), bytes.length + bytes.length / 2));
        }
        chunk.readBytes(bytes, size, count);
        size += count;
    }

    private int takeLine(int start, int end, int next) {
        int from = isSkipping() ? end : shorten(start, end);
        if (!hasFailed()) {
            line(text(from, end));
        }
        return next;
    }

    /** Deals with what is longer than the limit; returns where the rest begins. */
    private int shorten(int start, int end) {
        int from = start;
        while (end - from > maxLine) {
            int cut = boundary(from, from + maxLine);
            tooLong(text(from, cut));
            if (hasFailed() || isSkipping()) {
                return end;
            }
            from = cut;
        }
        return from;
    }

    /** The last place at which no character is cut. */
    private int boundary(int start, int limit) {
        int cut = limit;
        if (charset.equals(StandardCharsets.UTF_8)) {
            while (cut > start && (bytes[cut] & CONTINUATION_MASK) == CONTINUATION) {
                cut--;
            }
        }
        return cut == start ? limit : cut;
    }

    private String text(int start, int end) {
        return new String(bytes, start, end - start, charset);
    }

    @Override
    void finish() {
        if (size > 0) {
            takeLine(0, size, size);
        }
    }
}
