// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How long to wait before another worker is started: not at all after the first loss, then longer from loss to loss,
 * until any task of the pool has ended by itself. The time counts from the loss, and workers that are lost meanwhile, by the
 * same cause as it seems, are not counted again. Thread-safe.
 */
final class LossPause {

    private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int MAX_DOUBLINGS = 7;

    private final LongSupplier clock;

    // guarded by this
    private int losses;
    private long endNanos;

    LossPause() {
        this(System::nanoTime);
    }

    LossPause(LongSupplier clock) {
        this.clock = clock;
    }

    synchronized void lost() {
        long now = clock.getAsLong();
        if (losses > 1 && endNanos - now > 0) {
            return;
        }
        losses = Math.min(losses + 1, MAX_DOUBLINGS + 2);
        endNanos = now + (losses == 1 ? 0 : Math.min(LONGEST_NANOS, FIRST_NANOS << (losses - 2)));
    }

    synchronized void worked() {
        losses = 0;
    }

    /** How much of the pause is left. */
    synchronized long nanos() {
        return losses == 0 ? 0 : Math.max(0, endNanos - clock.getAsLong());
    }
}
