// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.io.Serial;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Task} threw something where its worker is, beyond this JVM. What was thrown stays there, for nothing that
 * comes from another process names a class to be made here: this tells its type, its message and its stack trace, and
 * has a cause of the same kind if that had one.
 *
 * @since 0.1.0
 */
public final class TaskFailedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String type;
    private final @Nullable String detail;

    /**
     * Says what a task threw. For a {@link WorkerPlace}, which sets the stack trace too.
     *
     * @param type the name of its class
     * @param detail its message, if it has one
     * @param cause what it has for a cause
     */
    public TaskFailedException(String type, @Nullable String detail, @Nullable Throwable cause) {
        super(detail == null ? type : type + ": " + detail, cause);
        this.type = Objects.requireNonNull(type, "type");
        this.detail = detail;
    }

    /** Returns the name of the class of what was thrown, such as {@code java.io.IOException}. */
    public String type() {
        return type;
    }

    /** Returns the message of what was thrown, without its type. */
    public Optional<String> detail() {
        return Optional.ofNullable(detail);
    }
}
