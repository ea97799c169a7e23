// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Cuts chunks into lines, wherever the chunks end. Used by one thread at a time. */
abstract class LineSplitter {

    /** Where byte 10 is a line feed and nothing else; a line can be found before it is decoded. */
    private static final Set<Charset> BYTE_WISE =
            Set.of(StandardCharsets.UTF_8, StandardCharsets.US_ASCII, StandardCharsets.ISO_8859_1);

    final int maxLine;
    final char delimiter;
    private final LongLine policy;
    private final Consumer<ExecException.Reason> onFailure;
    private List<String> lines = new ArrayList<>();
    private boolean skipping; // the rest of a line that was too long
    private boolean failed;

    LineSplitter(Command command, Consumer<ExecException.Reason> onFailure) {
        maxLine = command.maxLine();
        delimiter = command.delimiter();
        policy = command.longLine();
        this.onFailure = onFailure;
    }

    static LineSplitter of(Command command, Consumer<ExecException.Reason> onFailure) {
        Charset charset = command.charset();
        boolean ascii = command.delimiter() < 0x80;
        return ascii && (BYTE_WISE.contains(charset) || charset.name().startsWith("ISO-8859-"))
                ? new ByteLineSplitter(command, onFailure)
                : new CharLineSplitter(command, onFailure);
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
            onFailure.accept(ExecException.Reason.LONG_LINE);
        } else if (!skipping) {
            lines.add(beginning);
            skipping = policy == LongLine.CUT;
        }
    }

    final boolean isSkipping() {
        return skipping;
    }
}
