// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.TimeUnit;

/**
 * How much of an adopted publisher is delivered before others have their turn: 64 values, and what fits into a millisecond
 * behind them. One for a loop, on which one turn runs at a time. Loop only.
 */
final class TurnBudget {

    private static final int CLOCK_EVERY = 64;
    private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private int delivered;
    private long deadline;

    void begin() {
        delivered = 0;
    }

    /** Counts a value; returns whether it was the last one. */
    boolean isSpent() {
        if (++delivered % CLOCK_EVERY != 0) {
            return false;
        }
        long now = System.nanoTime();
        if (delivered == CLOCK_EVERY) {
            deadline = now + NANOS;
        }
        return now - deadline >= 0;
    }
}
