// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One stream that is compressed or decompressed: chunks go in, pieces come out, one trip to the pool for each piece. Its
 * native memory is freed once, never under a trip.
 */
abstract class ZlibCodec {

    /** The longest piece. */
    static final int PIECE = 64 * 1024;

    /** What {@link #produce} returns when it cannot go on without more input. */
    static final int STARVED = -1;

    private static final byte[] NOTHING = {};

    /** How many hold native memory. For tests. */
    private static final AtomicInteger OPEN = new AtomicInteger();

    private final Trips trips = new Trips();
    private final byte[] piece = new byte[PIECE];
    private boolean full; // the last piece was, so there may be more
    private byte[] input = NOTHING;
    private int position;
    private boolean ended;

    ZlibCodec() {
        OPEN.incrementAndGet();
    }

    static int open() {
        return OPEN.get();
    }

    /** Takes a chunk. The one before has been consumed. */
    void accept(byte[] chunk) {
        input = chunk;
        position = 0;
    }

    /** There is no more input. */
    void end() {
        accept(NOTHING);
        ended = true;
    }

    /** A trip: the next piece, a new array; null if there is none before the next chunk. */
    byte @Nullable [] trip() throws IOException {
        if (!trips.begin()) {
            return null; // cancelled just before
        }
        boolean failed = true;
        try {
            byte[] next = next();
            failed = false;
            return next;
        } finally {
            if (trips.endAndClose(failed)) {
                free();
            }
        }
    }

    /** Whether to come again before the next chunk. */
    boolean more() {
        return full;
    }

    /** Frees what is native, now or after the trip that is under way. */
    void close() {
        if (trips.close()) {
            free();
        }
    }

    /** All at once, in one trip. */
    byte[] all(byte[] data) throws IOException {
        try {
            ByteArrayOutputStream all = new ByteArrayOutputStream(Math.min(data.length, PIECE));
            accept(data);
            drain(all);
            end();
            drain(all);
            return all.toByteArray();
        } finally {
            close();
        }
    }

    private void drain(ByteArrayOutputStream all) throws IOException {
        do {
            all.write(piece, 0, fill());
        } while (full);
    }

    private byte @Nullable [] next() throws IOException {
        int length = fill();
        return length == 0 ? null : Arrays.copyOf(piece, length);
    }

    private int fill() throws IOException {
        int length = 0;
        while (length < PIECE) {
            Io.checkInterrupt();
            int made = produce(piece, length);
            if (made == STARVED) {
                break;
            }
            length += made;
        }
        full = length == PIECE;
        if (ended && !full) {
            checkEnd();
        }
        return length;
    }

    private void free() {
        release();
        OPEN.decrementAndGet();
    }

    boolean hasInput() {
        return position < input.length;
    }

    byte peek() {
        return input[position];
    }

    byte poll() {
        return input[position++];
    }

    boolean ended() {
        return ended;
    }

    /** Moves on by at most {@code length} bytes. Returns where they begin in {@link #input()}. */
    int skip(int length) {
        int start = position;
        position += length;
        return start;
    }

    byte[] input() {
        return input;
    }

    int left() {
        return input.length - position;
    }

    /** Gives back the last bytes that were polled or skipped. */
    void unread(int length) {
        position -= length;
    }

    /**
     * Takes input, writes output from {@code offset} on, or both. Returns how much was written, 0 for only a step ahead,
     * or {@link #STARVED}.
     */
    abstract int produce(byte[] output, int offset);

    /** Throws if the input must not end here. */
    abstract void checkEnd();

    abstract void release();
}
