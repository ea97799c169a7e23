// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** The end of a worker's JVM: shutdown hooks have three seconds, then it is halted. */
final class Exit {

    private static final Duration HOOKS = Duration.ofSeconds(3);
    private static final AtomicBoolean BEGUN = new AtomicBoolean();

    private Exit() {}

    /** Begins to exit; the first code counts. Does not block, so that any thread may call it. */
    static void now(int code) {
        now(code, () -> {});
    }

    /** The same, with something to do before, which may block. */
    static void now(int code, Runnable before) {
        if (BEGUN.compareAndSet(false, true)) {
            start("spindle-halt", () -> halt(code));
            start("spindle-exit", () -> {
                before.run();
                System.exit(code);
            });
        }
    }

    private static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void halt(int code) {
        long deadline = System.nanoTime() + HOOKS.toNanos();
        for (long left = HOOKS.toNanos(); left > 0; left = deadline - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        Runtime.getRuntime().halt(code);
    }
}
