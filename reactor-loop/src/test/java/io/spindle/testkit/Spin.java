// SPDX-License-Identifier: Apache-2.0
package io.spindle.testkit;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/** Holds a thread that must not block, without parking it: BlockHound refuses even {@code Thread.onSpinWait}. */
public final class Spin {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private Spin() {}

    /**
     * Returns as soon as a condition holds. No time limit of a test could end this, for nothing interrupts it.
     *
     * @param condition asked again and again
     * @throws AssertionError if it has not held for a minute
     */
    public static void until(BooleanSupplier condition) {
        long begun = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - begun > LIMIT.toNanos()) {
                throw new AssertionError("the condition has not held for " + LIMIT);
            }
        }
    }

    /**
     * Returns when a latch is open.
     *
     * @param latch counted down by another thread
     */
    public static void until(CountDownLatch latch) {
        until(() -> latch.getCount() == 0);
    }

    /**
     * Returns after a time.
     *
     * @param duration not shorter than this
     */
    public static void during(Duration duration) {
        long end = System.nanoTime() + duration.toNanos();
        until(() -> System.nanoTime() - end >= 0);
    }
}
