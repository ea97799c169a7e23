// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts chunks of bytes into lines: a character, or a line end of two, may lie across a border. Used by one thread at a
 * time.
 */
final class LineSplitter {

    private static final byte[] NOTHING = {};

    private final CharsetDecoder decoder;
    private final int maxLength;
    private final StringBuilder line = new StringBuilder();
    private byte[] undecoded = NOTHING;
    private long count; // of whole lines before this chunk
    private boolean afterReturn;

    LineSplitter(Charset charset, int maxLength) {
        this.maxLength = maxLength;
        decoder = charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
    }

    /** Returns the lines that end in this chunk. */
    List<String> accept(byte[] chunk) {
        return decode(chunk, false);
    }

    /** Returns what is left at the end: a last line without an end. */
    List<String> rest() {
        List<String> lines = decode(NOTHING, true);
        if (!line.isEmpty()) {
            lines.add(line.toString());
            line.setLength(0);
        }
        return lines;
    }

    private List<String> decode(byte[] chunk, boolean end) {
        ByteBuffer bytes = ByteBuffer.allocate(undecoded.length + chunk.length)
                .put(undecoded)
                .put(chunk)
                .flip();
        CharBuffer chars =
                CharBuffer.allocate((int) Math.ceil(bytes.remaining() * (double) decoder.maxCharsPerByte()) + 8);
        decoder.decode(bytes, chars, end);
        if (end) {
            decoder.flush(chars);
        }
        undecoded = new byte[bytes.remaining()];
        bytes.get(undecoded);
        return split(chars.flip());
    }

    private List<String> split(CharBuffer chars) {
        List<String> lines = new ArrayList<>();
        while (chars.hasRemaining()) {
            char next = chars.get();
            if (next == '\n' && afterReturn) {
                afterReturn = false;
            } else if (next == '\n' || next == '\r') {
                afterReturn = next == '\r';
                lines.add(line.toString());
                line.setLength(0);
            } else {
                afterReturn = false;
                append(next, count + lines.size());
            }
        }
        count += lines.size();
        return lines;
    }

    private void append(char next, long before) {
        if (line.length() == maxLength) {
            throw new UncheckedIOException(new IOException(
                    "line too long: line " + (before + 1) + " has more than " + maxLength + " characters"));
        }
        line.append(next);
    }
}
