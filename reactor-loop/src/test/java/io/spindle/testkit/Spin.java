// SPDX-License-Identifier: Apache-2.0
package io.spindle.testkit;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/** Holds a thread that must not block, without parking it: BlockHound refuses even {@code Thread.onSpinWait}. */
public final class Spin {

    private Spin() {}

    /**
     * Returns as soon as a condition holds; the time limit of the test ends it otherwise.
     *
     * @param condition asked again and again
     */
    public static void until(BooleanSupplier condition) {
        boolean holds = condition.getAsBoolean();
        while (!holds) {
            holds = condition.getAsBoolean();
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
