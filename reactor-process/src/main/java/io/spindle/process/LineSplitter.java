// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Cuts chunks into lines, wherever the chunks end. Used by one thread at a time. */
abstract class LineSplitter {

    /** Where byte 10 is a line feed and nothing else; a line can be found before it is decoded. */
    private static final Set<Charset> BYTE_WISE =
            Set.of(StandardCharsets.UTF_8, StandardCharsets.US_ASCII, StandardCharsets.ISO_8859_1);

    final int maxLine;
    final char delimiter;
    private final LongLine policy;
    private final Runnable onFailure;
    private List<String> lines = new ArrayList<>();
    private boolean skipping; // the rest of a line that was too long
    private boolean failed;

    LineSplitter(OutputRules rules, Runnable onFailure) {
        maxLine = rules.maxLine();
        delimiter = rules.delimiter();
        policy = rules.longLine();
        this.onFailure = onFailure;
    }

    /**
     * Makes the one for a charset.
     *
     * @param onFailure called once if a line is too long and that is a failure
     */
    static LineSplitter of(OutputRules rules, Runnable onFailure) {
        Charset charset = rules.charset();
        boolean ascii = rules.delimiter() < 0x80;
        return ascii && (BYTE_WISE.contains(charset) || charset.name().startsWith("ISO-8859-"))
                ? new ByteLineSplitter(rules, onFailure)
                : new CharLineSplitter(rules, onFailure);
    }

    /** Takes a chunk, releases it, and returns the lines that are now complete. */
    final List<String> feed(ByteBuf chunk) {
        try {
            if (!failed) {
                split(chunk);
            }
            return takeLines();
        } finally {
            chunk.release();
        }
    }

    /** Returns what is left: a last line without an end. */
    final List<String> end() {
        if (!failed) {
            finish();
        }
        return takeLines();
    }

    /** Whether a carriage return before the end of a line is part of that. */
    final boolean dropsReturn() {
        return delimiter == '\n';
    }

    abstract void split(ByteBuf chunk);

    abstract void finish();

    private List<String> takeLines() {
        List<String> taken = lines;
        lines = new ArrayList<>(taken.size());
        return taken;
    }

    final boolean hasFailed() {
        return failed;
    }

    /** A line has ended. */
    final void line(String text) {
        if (skipping) {
            skipping = false;
        } else {
            lines.add(text);
        }
    }

    /** A line has grown to the limit and has not ended: its beginning is given, which the caller then forgets. */
    final void tooLong(String beginning) {
        if (policy == LongLine.FAIL) {
            failed = true;
            onFailure.run();
        } else if (!skipping) {
            lines.add(beginning);
            skipping = policy == LongLine.CUT;
        }
    }

    final boolean isSkipping() {
        return skipping;
    }
}
