// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The children that are to end with this JVM; a shutdown hook kills what is left of them. It waits, not for long, for
 * launches under way, whose children would otherwise be born after it.
 */
final class LiveChildren {

    private static final long PATIENCE_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long LOOK_NANOS = Duration.ofMillis(1).toNanos();

    private static final Set<ProcessHandle> CHILDREN = ConcurrentHashMap.newKeySet();
    private static final AtomicInteger LAUNCHING = new AtomicInteger();
    private static volatile boolean ending;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(LiveChildren::end, "spindle-process-shutdown"));
    }

    private LiveChildren() {}

    /**
     * Announces a launch, to be followed by {@link #launched()} when its child is known or has not come to be.
     *
     * @throws RejectedExecutionException if this JVM is ending
     */
    static void launching() {
        LAUNCHING.incrementAndGet();
        if (ending) {
            LAUNCHING.decrementAndGet();
            throw new RejectedExecutionException("no process is started any more: this JVM is ending");
        }
    }

    static void launched() {
        LAUNCHING.decrementAndGet();
    }

    static void add(ProcessHandle child) {
        CHILDREN.add(child);
    }

    static void remove(ProcessHandle child) {
        CHILDREN.remove(child);
    }

    private static void end() {
        ending = true;
        long start = System.nanoTime();
        while (LAUNCHING.get() > 0 && System.nanoTime() - start < PATIENCE_NANOS) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
        ProcessTree.killAllOf(CHILDREN);
    }
}
