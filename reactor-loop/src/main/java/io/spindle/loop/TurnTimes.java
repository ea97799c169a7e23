// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Where the loop writes the durations of its turns, in the buckets of {@link DurationRecorder}. One writer, the loop,
 * which spares it all atomic steps; any thread may take a snapshot, which may miss the turn that is just being written.
 */
final class TurnTimes {

    private final AtomicLongArray counts = new AtomicLongArray(DurationRecorder.BUCKETS);
    private final AtomicLong totalNanos = new AtomicLong();
    private final AtomicLong maxNanos = new AtomicLong();

    // loop only: one writer, so reading and writing apart is safe
    void record(long nanos) {
        int index = DurationRecorder.index(nanos);
        counts.setOpaque(index, counts.getPlain(index) + 1);
        totalNanos.setOpaque(totalNanos.getPlain() + nanos);
        if (nanos > maxNanos.getPlain()) {
            maxNanos.setOpaque(nanos);
        }
    }

    DurationHistogram snapshot() {
        long[] copy = new long[DurationRecorder.BUCKETS];
        for (int index = 0; index < copy.length; index++) {
            copy[index] = counts.getOpaque(index);
        }
        return new DurationHistogram(copy, totalNanos.getOpaque(), maxNanos.getOpaque());
    }
}
