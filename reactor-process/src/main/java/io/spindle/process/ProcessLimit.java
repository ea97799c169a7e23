// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A limit on how many programs run at a time, shared by all commands that are given it: others wait for their turn, the
 * first one first. It starts nothing, and is thread-safe.
 *
 * @since 0.1.0
 */
public final class ProcessLimit {

    private final int atMost;
    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<Turn> waiting = new ArrayDeque<>();
    private int running;

    private ProcessLimit(int atMost) {
        this.atMost = atMost;
    }

    /**
     * Makes a limit.
     *
     * @param atMost how many may run at a time, at least 1
     * @throws IllegalArgumentException otherwise
     */
    public static ProcessLimit of(int atMost) {
        Checks.positive("atMost", atMost);
        return new ProcessLimit(atMost);
    }

    /** Returns how many may run at a time. */
    public int atMost() {
        return atMost;
    }

    /** Returns how many run, or are being started, at this moment. */
    public int running() {
        lock.lock();
        try {
            return running;
        } finally {
            lock.unlock();
        }
    }

    /** Returns how many wait at this moment. */
    public int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes a turn, which takes no place yet.
     *
     * @param task must neither block nor throw
     */
    Turn turn(Runnable task) {
        return new Turn(task);
    }

    /** The place of one in the queue, then among those who run. */
    final class Turn {

        private final Runnable task;
        private boolean entered; // guarded by the lock, as is what follows
        private boolean left;

        private Turn(Runnable task) {
            this.task = task;
        }

        /** Calls back when there is room: at once, or later on the thread that makes room. Once. */
        void enter() {
            lock.lock();
            try {
                if (left) {
                    return;
                }
                if (running == atMost) {
                    waiting.add(this);
                    return;
                }
                running++;
                entered = true;
            } finally {
                lock.unlock();
            }
            task.run();
        }

        /** Gives up the place in the queue, also that which it would get; without effect once it has been called back. */
        void giveUp() {
            lock.lock();
            try {
                waiting.remove(this);
                left |= !entered;
            } finally {
                lock.unlock();
            }
        }

        /** Makes room for the next one. To be called by whoever was called back, idempotent. */
        void leave() {
            Turn next = leaveTo();
            if (next != null) {
                next.task.run();
            }
        }

        private @Nullable Turn leaveTo() {
            lock.lock();
            try {
                if (!entered || left) {
                    return null;
                }
                left = true;
                Turn next = waiting.poll();
                if (next == null) {
                    running--;
                } else {
                    next.entered = true;
                }
                return next;
            } finally {
                lock.unlock();
            }
        }
    }
}
