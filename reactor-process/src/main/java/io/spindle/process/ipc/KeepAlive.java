// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * Keeps this JVM alive while somebody holds it, by a thread that waits: that of the main method where this is known to
 * have returned, else one of its own.
 */
final class KeepAlive {

    /** A request follows a request: the thread stays a little, and is not started anew for each. */
    private static final long LINGER_NANOS = Duration.ofMillis(20).toNanos();

    private final AtomicInteger holds = new AtomicInteger();
    private final AtomicBoolean waiting = new AtomicBoolean();
    private volatile @Nullable Thread waiter;
    private volatile boolean ended;

    /** Begins knowing that some other thread keeps the JVM alive until it calls {@link #await()}. */
    static KeepAlive underMain() {
        KeepAlive keepAlive = new KeepAlive();
        keepAlive.waiting.set(true);
        return keepAlive;
    }

    /** Holds it until the returned one is disposed. No lock, for loops come here. */
    Disposable hold() {
        holds.incrementAndGet();
        if (!ended && waiting.compareAndSet(false, true)) {
            new Thread(this::await, "spindle-fork-alive").start();
        }
        AtomicBoolean released = new AtomicBoolean();
        return () -> {
            if (released.compareAndSet(false, true)) {
                holds.decrementAndGet();
                LockSupport.unpark(waiter);
            }
        };
    }

    /** Nobody is to hold it any more: the channel has ended. */
    void end() {
        ended = true;
        LockSupport.unpark(waiter);
    }

    /** Blocks until nobody has held it for a moment, or the thread is interrupted. */
    void await() {
        waiter = Thread.currentThread();
        long idleSince = System.nanoTime();
        while (!ended && !Thread.currentThread().isInterrupted()) {
            long left = LINGER_NANOS - (System.nanoTime() - idleSince);
            if (holds.get() > 0) {
                LockSupport.park(this);
                idleSince = System.nanoTime();
            } else if (left > 0) {
                LockSupport.parkNanos(this, left);
            } else if (isLeft()) {
                return;
            }
        }
        waiting.set(false);
    }

    /** Stops waiting, unless somebody has come at the same moment and found this thread still there. */
    private boolean isLeft() {
        waiting.set(false);
        return holds.get() == 0 || !waiting.compareAndSet(false, true);
    }
}
