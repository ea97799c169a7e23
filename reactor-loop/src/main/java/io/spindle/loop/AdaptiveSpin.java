// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.TimeUnit;

/**
 * Decides whether the loop looks for new tasks for a moment before it sleeps. A loop that is faster than those who post
 * to it would fall asleep between any two posts, and each of them would pay for a wake-up, a system call of some
 * microseconds. So after a short sleep the loop looks first; each time that was in vain, it waits for twice as many
 * short sleeps before it tries again. A loop that sleeps long, or is woken by I/O, never spins. Loop only.
 */
final class AdaptiveSpin {

    /** A sleep that was mostly falling asleep and waking up. */
    private static final long SHORT_SLEEP_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    private static final int MAX_FAILURES = 12;

    private final long maxNanos;
    private boolean promising;
    private int failures;
    private int skips;

    AdaptiveSpin(long maxNanos) {
        this.maxNanos = Runtime.getRuntime().availableProcessors() > 1 ? maxNanos : 0;
    }

    /** For how long to look before the next sleep, in nanoseconds; 0: not at all. */
    long nanos() {
        if (maxNanos == 0 || !promising) {
            return 0;
        }
        if (skips > 0) {
            skips--;
            return 0;
        }
        return maxNanos;
    }

    /** The loop found a task while it looked. */
    void found() {
        failures = Math.max(0, failures - 1);
    }

    /** The loop looked in vain. */
    void failed() {
        failures = Math.min(failures + 1, MAX_FAILURES);
        skips = 1 << failures;
    }

    /** The loop has slept. */
    void slept(long nanos, boolean wokenByTask) {
        promising = wokenByTask && nanos < SHORT_SLEEP_NANOS + maxNanos;
    }
}
