// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Where the loop writes the durations of its turns: log-linear buckets, sixteen to each power of two. One writer, the
 * loop; any thread may take a snapshot, which may miss the turn that is just being written.
 */
final class TurnTimes {

    private static final int SUB_BITS = 4;
    private static final int SUB_BUCKETS = 1 << SUB_BITS;
    private static final int BUCKETS = (Long.SIZE - SUB_BITS) * SUB_BUCKETS;

    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
    private final AtomicLong totalNanos = new AtomicLong();
    private final AtomicLong maxNanos = new AtomicLong();

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

    // loop only: one writer, so reading and writing apart is safe
    void record(long nanos) {
        int index = index(nanos);
        counts.setOpaque(index, counts.getPlain(index) + 1);
        totalNanos.setOpaque(totalNanos.getPlain() + nanos);
        if (nanos > maxNanos.getPlain()) {
            maxNanos.setOpaque(nanos);
        }
    }

    DelayHistogram snapshot() {
        long[] copy = new long[BUCKETS];
        for (int index = 0; index < BUCKETS; index++) {
            copy[index] = counts.getOpaque(index);
        }
        return new DelayHistogram(copy, totalNanos.getOpaque(), maxNanos.getOpaque());
    }
}
