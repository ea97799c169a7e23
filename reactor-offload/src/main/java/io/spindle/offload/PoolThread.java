// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A thread of a pool: at work, or asleep until somebody wakes it. It may block. */
final class PoolThread extends Thread {

    private static final AtomicIntegerFieldUpdater<PoolThread> STATE =
            AtomicIntegerFieldUpdater.newUpdater(PoolThread.class, "sleepState");
    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;

    private final PoolThreads threads;
    private volatile int sleepState = AWAKE;
    private @Nullable PoolTask current; // own thread only
    private @Nullable WorkerPlace place; // own thread only

    PoolThread(PoolThreads threads, String name) {
        super(null, null, name, 0, false);
        this.threads = threads;
        setDaemon(true);
        setContextClassLoader(Thread.currentThread().getContextClassLoader()); // not inherited since Java 19
    }

    PoolThreads threads() {
        return threads;
    }

    /** What this thread runs: the innermost, if a task waits for another. Own thread only. */
    @Nullable
    PoolTask current() {
        return current;
    }

    void setCurrent(@Nullable PoolTask task) {
        current = task;
    }

    /** The place where this thread runs calls, opened or replaced if need be. Own thread only. */
    WorkerPlace place(Function<? super String, ? extends WorkerPlace> places) {
        WorkerPlace present = place;
        if (present == null || !present.isUsable()) {
            closePlace();
            present = places.apply(getName());
            place = present;
        }
        return present;
    }

    /** Whether there is a place that can go on. Own thread only. */
    boolean hasPlace() {
        WorkerPlace present = place;
        return present != null && present.isUsable();
    }

    /** Ends its place, if it has one. Own thread only. */
    void closePlace() {
        WorkerPlace present = place;
        place = null;
        if (present != null) {
            present.close();
        }
    }

    @Override
    public void run() {
        try {
            threads.work(this);
        } finally {
            closePlace();
        }
    }

    // own thread only
    void fallAsleep() {
        sleepState = ASLEEP;
    }

    /** Sleeps until woken, interrupted or the time is over. Own thread only. */
    void parkUntilWoken(long nanos) {
        long deadline = System.nanoTime() + nanos;
        long left = nanos;
        while (sleepState == ASLEEP && left > 0 && !Thread.interrupted()) {
            LockSupport.parkNanos(this, left);
            left = deadline - System.nanoTime();
        }
    }

    /** Ends the sleep of this thread by itself: false if somebody has woken it. Own thread only. */
    boolean awake() {
        return STATE.compareAndSet(this, ASLEEP, AWAKE);
    }

    /** Wakes the thread: false if it was awake. */
    boolean wakeUp() {
        if (!STATE.compareAndSet(this, ASLEEP, AWAKE)) {
            return false;
        }
        LockSupport.unpark(this);
        return true;
    }
}
