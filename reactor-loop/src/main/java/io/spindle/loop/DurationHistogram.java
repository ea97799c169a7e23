// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long many things of one kind took: the turns of an {@link EventLoop}, the tasks of a pool. A snapshot, immutable,
 * of a {@link DurationRecorder} or of what the loop keeps itself.
 *
 * <p>Durations are counted in buckets of at most 6 % width, from one nanosecond to 146 years. Node analogue:
 * {@code perf_hooks.createHistogram}.
 *
 * @since 0.1.0
 */
public final class DurationHistogram {

    private final long[] counts;
    private final long count;
    private final long totalNanos;
    private final long maxNanos;

    DurationHistogram(long[] counts, long totalNanos, long maxNanos) {
        long sum = 0;
        for (long each : counts) {
            sum += each;
        }
        this.counts = counts;
        this.count = sum;
        this.totalNanos = totalNanos;
        this.maxNanos = maxNanos;
    }

    /** Returns how many durations were measured. */
    public long count() {
        return count;
    }

    /** Returns the longest duration, zero if there was none. That of a difference is the end of its bucket at most. */
    public Duration max() {
        return Duration.ofNanos(maxNanos);
    }

    /** Returns the sum of all durations. */
    public Duration total() {
        return Duration.ofNanos(totalNanos);
    }

    /** Returns the mean duration, zero if there was none. */
    public Duration mean() {
        return Duration.ofNanos(count == 0 ? 0 : totalNanos / count);
    }

    /**
     * Returns the duration that {@code percent} percent of all did not exceed, zero if there was none.
     *
     * @param percent above 0, up to 100; for example 99.9
     * @throws IllegalArgumentException if {@code percent} is outside that range
     */
    public Duration percentile(double percent) {
        if (!(percent > 0 && percent <= 100)) {
            throw new IllegalArgumentException("percent must be above 0 and at most 100, was " + percent);
        }
        long rank = Math.max(1, (long) Math.ceil(count * percent / 100));
        long seen = 0;
        for (int index = 0; index < counts.length; index++) {
            seen += counts[index];
            if (seen >= rank) {
                return Duration.ofNanos(Math.min(maxNanos, DurationRecorder.highest(index)));
            }
        }
        return max();
    }

    /** Returns how many were longer than {@code limit}, counted in whole buckets; all if it is negative. */
    public long exceeding(Duration limit) {
        long above = 0;
        int first = limit.isNegative() ? 0 : DurationRecorder.index(Delays.saturatedNanos(limit)) + 1;
        for (int index = first; index < counts.length; index++) {
            above += counts[index];
        }
        return above;
    }

    DurationHistogram since(DurationHistogram earlier) {
        long[] difference = counts.clone();
        long longest = 0;
        for (int index = 0; index < difference.length; index++) {
            difference[index] -= earlier.counts[index];
            longest = difference[index] > 0 ? DurationRecorder.highest(index) : longest;
        }
        return new DurationHistogram(difference, totalNanos - earlier.totalNanos, Math.min(maxNanos, longest));
    }

    @Override
    public String toString() {
        return count == 0
                ? "none"
                : "p50 " + micros(50) + " us, p99 " + micros(99) + " us, p99.9 " + micros(99.9) + " us, max "
                        + TimeUnit.NANOSECONDS.toMicros(maxNanos) + " us of " + count;
    }

    private long micros(double percent) {
        return TimeUnit.NANOSECONDS.toMicros(percentile(percent).toNanos());
    }
}
