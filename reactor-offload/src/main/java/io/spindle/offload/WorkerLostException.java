// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.io.Serial;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The worker that ran a task has ended under it: it crashed, exited, or was killed. Nobody knows how far the task came. A
 * task that may be run twice is run again with {@link TaskOptions#retries(int)}, or by Reactor's {@code retryWhen}.
 *
 * <p>Thrown by a {@link WorkerPlace}; the threads of this JVM, where tasks run without one, are not lost.
 *
 * @since 0.1.0
 */
public final class WorkerLostException extends RuntimeException {

    /** How a worker was lost. */
    public enum Reason {
        /** It did not start, so no task has begun. */
        NOT_STARTED,
        /** Its memory was not enough for the task. */
        OUT_OF_MEMORY,
        /** It ended in good order: the task called {@code System.exit}, for example. */
        EXITED,
        /** It ended without running its shutdown hooks: a crash of native code or of the JVM, or {@code Runtime.halt}. */
        CRASHED,
        /** A signal from outside ended it: the system that is short of memory, somebody's kill. */
        KILLED,
        /** That it was lost is all that is known. */
        UNKNOWN
    }

    @Serial
    private static final long serialVersionUID = 1L;

    private static final int NONE = -1;

    private final Reason reason;
    private final int exitCode;

    /**
     * Says that a worker was lost.
     *
     * @param message which worker, and how it ended
     * @param cause what was seen of it, if anything
     */
    public WorkerLostException(String message, @Nullable Throwable cause) {
        this(message, Reason.UNKNOWN, NONE, cause);
    }

    /**
     * Says how a worker was lost.
     *
     * @param message which worker, and how it ended
     * @param exitCode of its process, 128 + n if signal n ended it; negative if there is none
     * @param cause what was seen of it, if anything
     */
    public WorkerLostException(String message, Reason reason, int exitCode, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = Objects.requireNonNull(reason, "reason");
        this.exitCode = Math.max(NONE, exitCode);
    }

    /** Returns how it was lost. */
    public Reason reason() {
        return reason;
    }

    /** Returns the exit code of its process, 128 + n if signal n ended it; empty if it was no process or has not ended. */
    public OptionalInt exitCode() {
        return exitCode == NONE ? OptionalInt.empty() : OptionalInt.of(exitCode);
    }
}
