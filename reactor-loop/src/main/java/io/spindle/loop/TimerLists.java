// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Node's timers: one list for each duration, in the order in which the timers were set, and the lists in a binary heap
 * by their earliest expiry. Setting a timer costs a look-up and a link, clearing one costs an unlink; an emptied list
 * stays until its expiry, so that timers set and cleared again and again do not touch the heap. Loop only.
 */
@SuppressWarnings("ReferenceEquality") // entries and lists are linked and placed by identity
final class TimerLists {

    /** The timers of one duration; the sentinel {@code head} closes the ring. */
    static final class DurationList {

        final long nanos;
        final TimerEntry head = new TimerEntry() {
            @Override
            public void run() {
                throw new AssertionError("the head of a timer list does not fire");
            }

            @Override
            boolean repeats() {
                return false;
            }

            @Override
            void stopped() {}
        };
        /** When the first timer is due, or earlier: clearing the first one leaves it as it was. */
        long expiry;

        long sequence;
        int index = -1;

        DurationList(long nanos) {
            this.nanos = nanos;
        }

        @Nullable
        TimerEntry first() {
            TimerEntry first = head.next;
            return first == head ? null : first;
        }

        /** Earlier expiry first; of equal ones the list that was made or moved first. */
        boolean isBefore(DurationList other) {
            long difference = expiry - other.expiry;
            return difference < 0 || (difference == 0 && sequence < other.sequence);
        }
    }

    private static final int INITIAL_LISTS = 16;
    private static final int MANY_EMPTY_LISTS = 1024;

    private final LongObjectMap<DurationList> byDuration = new LongObjectHashMap<>();
    private @Nullable DurationList[] heap = new DurationList[INITIAL_LISTS];
    private int size;
    private long sequence;
    private int referenced;
    private int waiting;
    private int emptyLists;

    /** Links {@code entry}, to expire {@code nanos} after {@code startNanos}. */
    void link(TimerEntry entry, long nanos, long startNanos) {
        DurationList list = byDuration.get(key(nanos));
        if (list == null) {
            list = new DurationList(nanos);
            byDuration.put(key(nanos), list);
        } else if (list.first() == null) {
            emptyLists--;
        }
        entry.list = list;
        entry.startNanos = startNanos;
        // A list is sorted by start. Almost always the new one is the latest; a periodic task may start in the past.
        TimerEntry before = list.head.previous;
        while (before != list.head && before.startNanos - startNanos > 0) {
            before = before.previous;
        }
        TimerEntry after = before.next;
        before.next = entry;
        entry.previous = before;
        entry.next = after;
        after.previous = entry;
        waiting++;
        if (entry.referenced) {
            referenced++;
        }
        if (list.index < 0) {
            list.expiry = startNanos + nanos;
            list.sequence = sequence++;
            push(list);
        } else if (before == list.head && startNanos + nanos - list.expiry < 0) {
            list.expiry = startNanos + nanos;
            siftUp(list.index, list);
        }
    }

    /** Whole milliseconds end in six zero bits, which the map would probe along: they go to the other end. */
    private static long key(long nanos) {
        return Long.rotateRight(nanos, 6);
    }

    /** Unlinks {@code entry} if it waits. */
    void unlink(TimerEntry entry) {
        DurationList list = entry.list;
        if (list == null) {
            return;
        }
        forget(entry);
        waiting--;
        if (entry.referenced) {
            referenced--;
        }
        if (list.first() == null && ++emptyLists > MANY_EMPTY_LISTS && emptyLists > size / 2) {
            sweep();
        }
    }

    /** Drops the lists that are empty: delays that never come back would hold theirs until they expire. */
    private void sweep() {
        DurationList[] full = new DurationList[size];
        int kept = 0;
        for (int i = 0; i < size; i++) {
            DurationList list = at(i);
            if (list.first() != null) {
                full[kept++] = list;
            } else {
                byDuration.remove(key(list.nanos));
                list.index = -1;
            }
        }
        Arrays.fill(heap, 0, size, null);
        size = 0;
        emptyLists = 0;
        for (int i = 0; i < kept; i++) {
            push(full[i]);
        }
    }

    void reference(TimerEntry entry, boolean reference) {
        if (entry.referenced != reference) {
            entry.referenced = reference;
            if (entry.isLinked()) {
                referenced += reference ? 1 : -1;
            }
        }
    }

    /** How many timers that are waiting keep the loop alive. */
    int referenced() {
        return referenced;
    }

    /** How many timers wait; from another thread to the precision of a moment. */
    int waiting() {
        return waiting;
    }

    /** How many lists there are, empty ones included; from another thread to the precision of a moment. */
    int lists() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** When to look again: not later than the earliest timer, earlier only if that one was cleared. */
    long nextExpiry() {
        return at(0).expiry;
    }

    /**
     * Runs what is due at {@code now}, list by list: a list that is due is emptied of its due timers before the next
     * one, as in Node. Ticks and microtasks run between any two callbacks, save after one that threw.
     */
    void run(long now, NettyLoop loop) {
        while (size > 0 && at(0).expiry - now <= 0) {
            DurationList list = at(0);
            TimerEntry first = list.first();
            if (first == null) {
                remove(list);
                continue;
            }
            long due = first.startNanos + list.nanos;
            if (due != list.expiry) {
                later(list, due); // its first timer was cleared: other lists may come before the next one
                continue;
            }
            runList(list, now, loop);
            if (loop.isDiscarding()) {
                return;
            }
        }
    }

    private void runList(DurationList list, long now, NettyLoop loop) {
        TimerEntry entry;
        while ((entry = list.first()) != null) {
            long due = entry.startNanos + list.nanos;
            if (due - now > 0) {
                if (list.index >= 0) { // else a callback made the lists be swept, and this one began anew
                    later(list, due);
                }
                return;
            }
            unlink(entry);
            if (loop.runTimer(entry)) {
                loop.drain();
            }
            if (loop.isDiscarding()) {
                return;
            }
        }
        remove(list);
    }

    /** Unlinks what would arm itself for ever. */
    void stopRepeating() {
        for (DurationList list : Arrays.copyOf(heap, size)) { // a copy: unlinking may sweep the heap
            assert list != null : "below size there is no hole";
            TimerEntry entry = list.head.next;
            while (entry != list.head) {
                TimerEntry following = entry.next;
                if (entry.repeats()) {
                    unlink(entry);
                    entry.stopped();
                }
                entry = following;
            }
        }
    }

    void clear() {
        for (int i = 0; i < size; i++) {
            for (TimerEntry entry = at(i).first(); entry != null; entry = at(i).first()) {
                forget(entry);
            }
            at(i).index = -1;
        }
        byDuration.clear();
        Arrays.fill(heap, 0, size, null);
        size = 0;
        emptyLists = 0;
        waiting = 0;
        referenced = 0;
    }

    private static void forget(TimerEntry entry) {
        entry.previous.next = entry.next;
        entry.next.previous = entry.previous;
        entry.previous = entry;
        entry.next = entry;
        entry.list = null;
    }

    private DurationList at(int index) {
        DurationList list = heap[index];
        assert list != null : "below size there is no hole";
        return list;
    }

    private void later(DurationList list, long expiry) {
        list.expiry = expiry;
        list.sequence = sequence++;
        siftDown(list.index, list);
    }

    private void push(DurationList list) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        siftUp(size++, list);
    }

    private void remove(DurationList list) {
        int hole = list.index;
        if (hole < 0) {
            return;
        }
        byDuration.remove(key(list.nanos));
        emptyLists--; // only an empty list is removed
        list.index = -1;
        DurationList last = at(--size);
        heap[size] = null;
        if (last != list) {
            siftDown(hole, last);
            if (heap[hole] == last) {
                siftUp(hole, last);
            }
        }
    }

    private void siftUp(int start, DurationList list) {
        int index = start;
        while (index > 0) {
            int parent = (index - 1) >>> 1;
            DurationList above = at(parent);
            if (!list.isBefore(above)) {
                break;
            }
            place(index, above);
            index = parent;
        }
        place(index, list);
    }

    private void siftDown(int start, DurationList list) {
        int index = start;
        for (int child = 2 * index + 1; child < size; child = 2 * index + 1) {
            if (child + 1 < size && at(child + 1).isBefore(at(child))) {
                child++;
            }
            DurationList below = at(child);
            if (!below.isBefore(list)) {
                break;
            }
            place(index, below);
            index = child;
        }
        place(index, list);
    }

    private void place(int index, DurationList list) {
        heap[index] = list;
        list.index = index;
    }
}
