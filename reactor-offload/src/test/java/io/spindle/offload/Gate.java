// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Blocks tasks until it is opened, and tells when they have arrived. */
final class Gate {

    private final CountDownLatch arrived;
    private final CountDownLatch open = new CountDownLatch(1);

    Gate(int tasks) {
        arrived = new CountDownLatch(tasks);
    }

    <T> Callable<T> then(T value) {
        return () -> {
            pass();
            return value;
        };
    }

    void pass() throws InterruptedException {
        arrived.countDown();
        await(open);
    }

    void awaitArrival() throws InterruptedException {
        await(arrived);
    }

    void open() {
        open.countDown();
    }

    static void await(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("waited for 20 seconds");
        }
    }
}
