// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The children that are to end with this JVM; a shutdown hook kills what is left of them. It waits, not for long, for
 * launches under way, whose children would otherwise be born after it. Where no hook runs there is {@link Guard}.
 */
final class LiveChildren {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private static final long PATIENCE_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long LOOK_NANOS = Duration.ofMillis(1).toNanos();

    /** A worker of a cluster ends by itself when the channel to its primary does. */
    private static final String WORKER = "SPINDLE_CLUSTER_WORKER";

    private static final Set<Running> CHILDREN = ConcurrentHashMap.newKeySet();
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

    /**
     * Begins to watch over a child, if it is one to end with this JVM. One that ends with its channel has things to do when
     * its parent was killed, so nobody else ends it then. Blocks.
     */
    static void add(Command command, Running child) {
        if (!command.detached() && child.isOfTheSystem()) {
            CHILDREN.add(child);
            if (!command.endsWithChannel() && !command.environment().containsKey(WORKER)) {
                guard(child);
            }
        }
    }

    /** A child without a guard is better than one that nobody watches because of it. */
    private static void guard(Running child) {
        try {
            Guard.add(child);
        } catch (RuntimeException | Error e) {
            log.warn("process {} is not guarded", child.handle().pid(), e);
        }
    }

    static void remove(Running child) {
        CHILDREN.remove(child);
        Guard.remove(child);
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
