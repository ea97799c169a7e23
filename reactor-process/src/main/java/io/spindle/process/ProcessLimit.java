// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A limit on how many programs run at a time, shared by all commands that are given it: others wait for their turn, the
 * first one first. It starts nothing, and is thread-safe.
 *
 * @since 0.1.0
 */
public final class ProcessLimit {

    private final int atMost;

    /** A monitor, for loops come here too: a lock would park them when it is contended, which BlockHound refuses. */
    private final Object monitor = new Object();

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
        synchronized (monitor) {
            return running;
        }
    }

    /** Returns how many wait at this moment. */
    public int waiting() {
        synchronized (monitor) {
            return waiting.size();
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
        private boolean entered; // guarded by the monitor, as is what follows
        private boolean left;

        private Turn(Runnable task) {
            this.task = task;
        }

        /** Calls back when there is room: at once, or later on the thread that makes room. Once. */
        void enter() {
            synchronized (monitor) {
                if (left) {
                    return;
                }
                if (running == atMost) {
                    waiting.add(this);
                    return;
                }
                running++;
                entered = true;
            }
            task.run();
        }

        /** Gives up the place in the queue, also that which it would get; without effect once it has been called back. */
        void giveUp() {
            synchronized (monitor) {
                waiting.remove(this);
                left |= !entered;
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
            synchronized (monitor) {
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
            }
        }
    }
}
