// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Signals that a child was started and did not connect: it ended before, or took too long and was killed.
 *
 * @since 0.1.0
 */
public final class ForkException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Command command;
    private final transient @Nullable ExitStatus status;

    private ForkException(Command command, @Nullable ExitStatus status, String message) {
        super(message);
        this.command = command;
        this.status = status;
    }

    static ForkException ended(Command command, ExitStatus status, String stderr) {
        return new ForkException(
                command,
                status,
                "fork ended with " + status + " before it connected: " + command
                        + (stderr.isEmpty() ? "" : System.lineSeparator() + stderr));
    }

    static ForkException late(Command command, Duration patience) {
        return new ForkException(
                command,
                null,
                "fork was killed, for it had not connected after " + patience + ": " + command
                        + "; it must connect as the environment variable SPINDLE_CHANNEL tells");
    }

    /** Returns what was started. */
    public Command command() {
        return command;
    }

    /** Returns how it ended, or empty if it took too long. */
    public Optional<ExitStatus> status() {
        return Optional.ofNullable(status);
    }
}
