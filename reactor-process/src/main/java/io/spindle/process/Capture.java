// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The bytes that one output is to keep: the first, or the last, so many. Used by one thread at a time. */
final class Capture {

    static final int TAIL_BYTES = 64 << 10;

    /** What an array can hold. */
    static final int MOST_BYTES = Integer.MAX_VALUE - 8;

    private static final int INITIAL_BYTES = 512;

    private final long limitBytes;
    private final boolean tail;
    private final Runnable onOverflow;
    private byte[] bytes = new byte[0];
    private int size;
    private boolean overflowed;

    private Capture(long limitBytes, boolean tail, Runnable onOverflow) {
        this.limitBytes = Math.min(limitBytes, MOST_BYTES);
        this.tail = tail;
        this.onOverflow = onOverflow;
    }

    /** Reads an output to its end and keeps its beginning; tells once when there is more. */
    static Mono<Capture> head(@Nullable Flux<ByteBuf> output, long limitBytes, Runnable onOverflow) {
        return all(output, new Capture(limitBytes, false, onOverflow));
    }

    /** Reads an output to its end and keeps the last {@link #TAIL_BYTES}. */
    static Mono<Capture> tail(@Nullable Flux<ByteBuf> output) {
        return all(output, new Capture(TAIL_BYTES, true, () -> {}));
    }

    static Capture empty() {
        return new Capture(0, false, () -> {});
    }

    private static Mono<Capture> all(@Nullable Flux<ByteBuf> output, Capture capture) {
        return output == null ? Mono.just(capture) : output.reduce(capture, Capture::add);
    }

    private Capture add(ByteBuf chunk) {
        try {
            int count = chunk.readableBytes();
            if (!tail) {
                count = (int) Math.min(count, limitBytes - size);
                if (count < chunk.readableBytes() && !overflowed) {
                    overflowed = true;
                    onOverflow.run();
                }
            }
            room(count);
            chunk.readBytes(bytes, size, count);
            size += count;
            if (tail && size > 2 * limitBytes) {
                keepLast();
            }
            return this;
        } finally {
            chunk.release();
        }
    }

    private void room(int count) {
        if (bytes.length - size < count) {
            long doubled = Math.min(MOST_BYTES, Math.max(INITIAL_BYTES, 2L * bytes.length));
            bytes = Arrays.copyOf(bytes, (int) Math.max(doubled, Math.addExact(size, count)));
        }
    }

    private void keepLast() {
        int excess = (int) Math.max(0, size - limitBytes);
        if (excess > 0) {
            System.arraycopy(bytes, excess, bytes, 0, size - excess);
            size -= excess;
            overflowed = true;
        }
    }

    /** Returns whether there was more than is kept. */
    boolean isTruncated() {
        return overflowed || size > limitBytes;
    }

    /** Decodes it; a character that was cut in two at the limit is left out. */
    String text(Charset charset) {
        if (tail) {
            keepLast();
        }
        if (!overflowed || tail) {
            return new String(bytes, 0, size, charset);
        }
        CharsetDecoder decoder = charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        CharBuffer chars = CharBuffer.allocate((int) Math.ceil(size * (double) decoder.maxCharsPerByte()) + 1);
        decoder.decode(ByteBuffer.wrap(bytes, 0, size), chars, false);
        return chars.flip().toString();
    }
}
