// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

/**
 * A {@link NamedLock} was not granted, or was taken away.
 *
 * @since 0.1.0
 */
public final class LockException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** It was asked for {@linkplain NamedLock#ifAvailable() if available} and was not. Nothing ran. */
        BUSY,
        /** It was not granted within {@link NamedLock#maxWait(java.time.Duration)}. Nothing ran. */
        TIMEOUT,
        /** Another has {@linkplain NamedLock#steal() stolen} it: what ran was cancelled, or had not begun. Node's {@code AbortError}. */
        STOLEN
    }

    private final Reason reason;

    LockException(Reason reason, String message) {
        super(message, null, true, false); // as frequent as contention, and its stack would tell of Reactor only
        this.reason = reason;
    }

    /** Returns why. */
    public Reason reason() {
        return reason;
    }
}
