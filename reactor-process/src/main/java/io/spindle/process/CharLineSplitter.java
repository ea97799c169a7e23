// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;

/** Decodes as it goes and finds the line ends in the characters: for charsets in which byte 10 proves nothing. */
final class CharLineSplitter extends LineSplitter {

    private static final int CHARS = 8192;

    private final CharsetDecoder decoder;
    private final CharBuffer chars = CharBuffer.allocate(CHARS);
    private final StringBuilder text = new StringBuilder();
    private ByteBuffer undecoded = ByteBuffer.allocate(0); // part of a character

    CharLineSplitter(OutputRules rules, Runnable onFailure) {
        super(rules, onFailure);
        decoder = rules.charset()
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
    }

    @Override
    void split(ByteBuf chunk) {
        byte[] more = ByteBufUtil.getBytes(chunk);
        ByteBuffer in = ByteBuffer.allocate(undecoded.remaining() + more.length)
                .put(undecoded)
                .put(more)
                .flip();
        decode(in, false);
        undecoded = ByteBuffer.allocate(in.remaining()).put(in).flip();
    }

    private void decode(ByteBuffer in, boolean end) {
        CoderResult result;
        do {
            result = decoder.decode(in, chars, end);
            takeChars();
        } while (result.isOverflow() && !hasFailed());
    }

    private void takeChars() {
        chars.flip();
        while (chars.hasRemaining() && !hasFailed()) {
            char next = chars.get();
            if (next == delimiter) {
                takeLine();
            } else if (!isSkipping()) {
                text.append(next);
                if (text.length() > maxLine + 1L) {
                    shorten(text.length() - 1); // the last character may be half a line end
                }
            }
        }
        chars.clear();
    }

    private void takeLine() {
        int last = text.length() - 1;
        if (dropsReturn() && last >= 0 && text.charAt(last) == '\r') {
            text.setLength(last);
        }
        takeText();
    }

    private void takeText() {
        if (!isSkipping()) {
            shorten(text.length());
        }
        if (!hasFailed()) {
            line(text.toString());
        }
        text.setLength(0);
    }

    private void shorten(int length) {
        int rest = length;
        while (rest > maxLine) {
            int cut = maxLine > 1 && Character.isHighSurrogate(text.charAt(maxLine - 1)) ? maxLine - 1 : maxLine;
            tooLong(text.substring(0, cut));
            if (hasFailed() || isSkipping()) {
                text.setLength(0);
                return;
            }
            text.delete(0, cut);
            rest -= cut;
        }
    }

    @Override
    void finish() {
        decode(undecoded, true);
        decoder.flush(chars);
        takeChars();
        if (text.length() > 0 && !hasFailed()) {
            takeText();
        }
    }
}
