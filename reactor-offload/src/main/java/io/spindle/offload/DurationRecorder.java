// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** Counts durations of many threads: log-linear buckets, sixteen to each power of two, without a lock. */
final class DurationRecorder {

    private static final int SUB_BITS = 4;
    private static final int SUB_BUCKETS = 1 << SUB_BITS;
    private static final int BUCKETS = (Long.SIZE - SUB_BITS) * SUB_BUCKETS;

    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
    private final LongAdder totalNanos = new LongAdder();
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

    void record(long nanos) {
        counts.getAndIncrement(index(nanos));
        totalNanos.add(nanos);
        long longest = maxNanos.get();
        while (nanos > longest && !maxNanos.compareAndSet(longest, nanos)) {
            longest = maxNanos.get();
        }
    }

    long totalNanos() {
        return totalNanos.sum();
    }

    DurationHistogram snapshot() {
        long[] copy = new long[BUCKETS];
        for (int index = 0; index < BUCKETS; index++) {
            copy[index] = counts.get(index);
        }
        return new DurationHistogram(copy, totalNanos.sum(), maxNanos.get());
    }
}
