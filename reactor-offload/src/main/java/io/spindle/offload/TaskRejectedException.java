// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A pool refused a task. It carries no stack trace: under overload there are many.
 *
 * @since 0.1.0
 */
public final class TaskRejectedException extends RejectedExecutionException {

    /** Why a task was refused. */
    public enum Reason {
        /** As many tasks wait as may. Try later, send less, or give the pool more threads. */
        QUEUE_FULL,
        /** A later task took its room: {@link OnFull#DROP_OLDEST}. */
        DROPPED,
        /** The pool has ended or is ending. */
        DISPOSED,
        /** The system would not start a thread, and the pool has no other; the cause says why. */
        NO_THREAD
    }

    private final String pool;
    private final Reason reason;
    private final int queued;
    private final int capacity;

    TaskRejectedException(String pool, Reason reason, int queued, int capacity, @Nullable Throwable cause) {
        super(message(pool, reason, queued, capacity), cause);
        this.pool = pool;
        this.reason = reason;
        this.queued = queued;
        this.capacity = capacity;
    }

    private static String message(String pool, Reason reason, int queued, int capacity) {
        String why = switch (reason) {
            case QUEUE_FULL -> queued + " tasks wait, its queueCapacity is " + capacity;
            case DROPPED -> "a later one took its room, its queueCapacity is " + capacity;
            case DISPOSED -> "it was disposed";
            case NO_THREAD -> "the system does not start a thread for it";
        };
        return "pool " + pool + " refused a task: " + why;
    }

    /** Returns the name of the pool. */
    public String pool() {
        return pool;
    }

    /** Returns why the task was refused. */
    public Reason reason() {
        return reason;
    }

    /** Returns how many tasks waited at that moment. */
    public int queued() {
        return queued;
    }

    /** Returns how many tasks may wait. */
    public int capacity() {
        return capacity;
    }

    /** Does nothing. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
