// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import org.jspecify.annotations.Nullable;

/**
 * A first-in, first-out queue of one thread, in arrays that are filled once and then left. A ring would be reused until
 * it is old, and the G1 collector pays a memory fence for each young task that is put into an old array.
 */
final class ChunkQueue<T> {

    private static final int CHUNK = 128;

    /** The last slot holds the chunk that follows. */
    private Object[] head = new Object[CHUNK + 1];

    private Object[] tail = head;
    private int headIndex;
    private int tailIndex;
    private int size;

    void add(T element) {
        if (tailIndex == CHUNK) {
            Object[] next = new Object[CHUNK + 1];
            tail[CHUNK] = next;
            tail = next;
            tailIndex = 0;
        }
        tail[tailIndex++] = element;
        size++;
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // only elements are put in, and a slot that was read is dropped
    @Nullable
    T poll() {
        if (size == 0) {
            return null;
        }
        if (headIndex == CHUNK) {
            Object[] done = head;
            head = (Object[]) done[CHUNK];
            done[CHUNK] = null; // an old chunk that is left must not keep those that follow it
            headIndex = 0;
        }
        T element = (T) head[headIndex];
        head[headIndex++] = null;
        size--;
        return element;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** From another thread to the precision of a moment. */
    int size() {
        return size;
    }

    void clear() {
        head = new Object[CHUNK + 1];
        tail = head;
        headIndex = 0;
        tailIndex = 0;
        size = 0;
    }
}
