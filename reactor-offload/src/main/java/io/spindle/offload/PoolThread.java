// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A thread of a pool and what that knows of it: at work, or asleep until somebody wakes it. It may block.
 *
 * <p>One of the system finds it in itself; a virtual one, of which there are no subclasses, in a thread-local.
 */
final class PoolThread implements Runnable {

    private static final ThreadLocal<@Nullable PoolThread> OF_VIRTUAL = new ThreadLocal<>();
    private static volatile boolean anyVirtual; // else nobody need look there

    private static final class Platform extends Thread {

        private final PoolThread owner;

        Platform(PoolThread owner, String name) {
            super(null, owner, name, 0, false);
            this.owner = owner;
            setDaemon(true);
        }
    }

    private static final AtomicIntegerFieldUpdater<PoolThread> STATE =
            AtomicIntegerFieldUpdater.newUpdater(PoolThread.class, "sleepState");
    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;

    private final PoolThreads threads;
    private final Thread thread;
    private volatile int sleepState = AWAKE;
    private @Nullable PoolTask current; // own thread only
    private @Nullable WorkerPlace place; // own thread only
    private int tasks; // own thread only
    private int placesTasks; // own thread only

    /** Makes one that has not been started: virtual, if that is asked for and this Java has those. */
    PoolThread(PoolThreads threads, String name, boolean virtual) {
        this.threads = threads;
        if (virtual && VirtualThreads.areAvailable()) {
            thread = VirtualThreads.unstarted(name, this);
        } else {
            thread = new Platform(this, name);
        }
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader()); // not inherited since Java 19
    }

    /** Returns that of the current thread, or null if it is of no pool. */
    static @Nullable PoolThread current() {
        if (Thread.currentThread() instanceof Platform platform) {
            return platform.owner;
        }
        return anyVirtual ? OF_VIRTUAL.get() : null;
    }

    Thread thread() {
        return thread;
    }

    String name() {
        return thread.getName();
    }

    PoolThreads threads() {
        return threads;
    }

    /** What this thread runs: the innermost, if a task waits for another. Own thread only. */
    @Nullable
    PoolTask task() {
        return current;
    }

    void setCurrent(@Nullable PoolTask task) {
        current = task;
    }

    void countTask() {
        tasks++;
        placesTasks++;
    }

    /** Whether it has run as many tasks as it is to. Own thread only. */
    boolean isSpent() {
        return threads.isTooMuch(tasks);
    }

    /**
     * The place where this thread runs the call of the task that was counted last, opened or replaced if need be. Own
     * thread only.
     */
    WorkerPlace place(Function<? super String, ? extends WorkerPlace> places) {
        WorkerPlace present = place;
        if (present == null || !present.isUsable() || threads.isTooMuch(placesTasks - 1)) {
            closePlace();
            placesTasks = current == null ? 0 : 1; // it may be opened ahead
            present = places.apply(name());
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
        if (!(thread instanceof Platform)) {
            OF_VIRTUAL.set(this);
            anyVirtual = true;
        }
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
        LockSupport.unpark(thread);
        return true;
    }
}
