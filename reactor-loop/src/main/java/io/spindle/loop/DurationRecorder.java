// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts durations for a {@link DurationHistogram}: log-linear buckets, sixteen to each power of two, without a lock.
 * Thread-safe: many threads record at once; a snapshot may miss what is just being recorded.
 *
 * @since 0.1.0
 */
public final class DurationRecorder {

    private static final int SUB_BITS = 4;
    private static final int SUB_BUCKETS = 1 << SUB_BITS;
    static final int BUCKETS = (Long.SIZE - SUB_BITS) * SUB_BUCKETS;

    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
    private final LongAdder totalNanos = new LongAdder();
    private final AtomicLong maxNanos = new AtomicLong();

    /** Creates a recorder without a duration. */
    public DurationRecorder() {}

    /** The bucket of a duration: exact below sixteen, then the four bits after the highest one. */
    static int index(long nanos) {
        if (nanos < SUB_BUCKETS) {
            return (int) Math.max(0, nanos);
        }
        int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos);
        int shift = exponent - SUB_BITS;
        return (shift + 1) * SUB_BUCKETS + (int) (nanos >>> shift) - SUB_BUCKETS;
    }

    /** The longest duration of a bucket. */
    static long highest(int index) {
        if (index < SUB_BUCKETS) {
            return index;
        }
        int shift = index / SUB_BUCKETS - 1;
        long first = (long) (index % SUB_BUCKETS + SUB_BUCKETS) << shift;
        return first + (1L << shift) - 1;
    }

    /**
     * Counts a duration.
     *
     * @param nanos its length, not negative
     */
    public void record(long nanos) {
        counts.getAndIncrement(index(nanos));
        totalNanos.add(nanos);
        long longest = maxNanos.get();
        while (nanos > longest && !maxNanos.compareAndSet(longest, nanos)) {
            longest = maxNanos.get();
        }
    }

    /** Returns the sum of all durations in nanoseconds. */
    public long totalNanos() {
        return totalNanos.sum();
    }

    /** Returns what was counted so far. */
    public DurationHistogram snapshot() {
        long[] copy = new long[BUCKETS];
        for (int index = 0; index < BUCKETS; index++) {
            copy[index] = counts.get(index);
        }
        return new DurationHistogram(copy, totalNanos.sum(), maxNanos.get());
    }
}
