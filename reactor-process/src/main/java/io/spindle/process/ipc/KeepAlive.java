// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import reactor.core.Disposable;

/**
 * Keeps this JVM alive while somebody holds it, by a thread that waits: that of the main method where this is known to
 * have returned, else one of its own.
 */
final class KeepAlive {

    /** A request follows a request: the thread stays a little, and is not started anew for each. */
    private static final long LINGER_NANOS = Duration.ofMillis(20).toNanos();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int holds;
    private boolean waiting;
    private boolean ended;

    /** Begins knowing that some other thread keeps the JVM alive until it calls {@link #await()}. */
    static KeepAlive underMain() {
        KeepAlive keepAlive = new KeepAlive();
        keepAlive.waiting = true;
        return keepAlive;
    }

    /** Holds it until the returned one is disposed. */
    Disposable hold() {
        lock.lock();
        try {
            holds++;
            if (!waiting && !ended) {
                waiting = true;
                new Thread(this::await, "spindle-fork-alive").start();
            }
        } finally {
            lock.unlock();
        }
        AtomicBoolean released = new AtomicBoolean();
        return () -> {
            if (released.compareAndSet(false, true)) {
                release();
            }
        };
    }

    private void release() {
        lock.lock();
        try {
            holds--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody is to hold it any more: the channel has ended. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Blocks until nobody has held it for a moment. */
    void await() {
        lock.lock();
        try {
            long left = LINGER_NANOS;
            while (!ended && (holds > 0 || left > 0)) {
                if (holds > 0) {
                    changed.await();
                    left = LINGER_NANOS;
                } else {
                    left = changed.awaitNanos(left);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever interrupts it wants it to end
        } finally {
            waiting = false;
            lock.unlock();
        }
    }
}
