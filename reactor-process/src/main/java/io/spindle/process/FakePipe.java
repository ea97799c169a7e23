// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A pipe in memory that takes as much as the system's. Loop only. */
final class FakePipe {

    private static final int CAPACITY_BYTES = 64 << 10;

    private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();
    private final FakeLoop loop;
    private Consumer<byte[]> recorder = chunk -> {};
    private Runnable onReadable = () -> {};
    private Runnable onWritable = () -> {};
    private int size;
    private boolean ended;
    private boolean abandoned;

    FakePipe(FakeLoop loop) {
        this.loop = loop;
    }

    /** Tells what is written. */
    void record(Consumer<byte[]> listener) {
        recorder = listener;
    }

    /** Tells when there may be more to read, the end included. */
    void onReadable(Runnable listener) {
        onReadable = listener;
    }

    /** Tells when there may be room again, or nobody reads any more. */
    void onWritable(Runnable listener) {
        onWritable = listener;
    }

    /** Returns how many bytes may be written now. */
    int room() {
        return abandoned ? 0 : CAPACITY_BYTES - size;
    }

    void write(byte[] chunk) {
        recorder.accept(chunk);
        chunks.add(chunk);
        size += chunk.length;
        loop.execute(onReadable);
    }

    /** Returns what came next, an empty array at the end, or null if nothing is there now. */
    byte @Nullable [] read() {
        byte[] chunk = chunks.poll();
        if (chunk == null) {
            return ended ? new byte[0] : null;
        }
        size -= chunk.length;
        loop.execute(onWritable);
        return chunk;
    }

    boolean isEmpty() {
        return chunks.isEmpty();
    }

    boolean isEnded() {
        return ended;
    }

    /** Nothing is written any more. */
    void end() {
        ended = true;
        loop.execute(onReadable);
    }

    /** Nothing is read any more. */
    void abandon() {
        abandoned = true;
        chunks.clear();
        loop.execute(onWritable);
    }

    boolean isAbandoned() {
        return abandoned;
    }
}
