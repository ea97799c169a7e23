// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a process ended: by itself with a code, or by a signal.
 *
 * <p>A process that a signal ended has the code 128 + the signal's number, as in a shell. Where processes are started by
 * the JDK it reports no more than that sum, so a program that itself exits with such a code, 137 say, reads as ended by
 * {@link Signal#KILL}; the native engine tells them apart. Node
 * analogue: the arguments of the {@code exit} event, where exactly one of code and signal is set.
 *
 * @since 0.1.0
 */
public final class ExitStatus {

    private static final int SIGNAL_BASE = 128;

    /** The code of a process that {@link Signal#PIPE} ended. */
    static final int BROKEN_PIPE_CODE = SIGNAL_BASE + 13;

    private final int code;
    private final @Nullable Signal signal;

    private ExitStatus(int code, @Nullable Signal signal) {
        this.code = code;
        this.signal = signal;
    }

    /**
     * Decodes what a shell or the JDK reports: above 128, the number of a known signal plus 128 is that signal.
     *
     * @param code 0 to 255
     */
    static ExitStatus ofShellCode(int code) {
        return new ExitStatus(code, Signal.of(code - SIGNAL_BASE).orElse(null));
    }

    /** Decodes what the system reports, which tells a code and a signal apart. */
    static ExitStatus ofWaitStatus(int status) {
        int signal = status & 0x7F;
        return signal == 0
                ? new ExitStatus((status >> 8) & 0xFF, null)
                : new ExitStatus(SIGNAL_BASE + signal, Signal.of(signal).orElse(null));
    }

    /** Returns the exit code, 0 to 255; 128 + n if signal n ended the process. */
    public int code() {
        return code;
    }

    /** Returns the signal that ended the process, or empty if it ended by itself. */
    public Optional<Signal> signal() {
        return Optional.ofNullable(signal);
    }

    /** Returns whether the code is 0. */
    public boolean isSuccess() {
        return code == 0;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ExitStatus status && status.code == code && status.signal == signal;
    }

    @Override
    public int hashCode() {
        return code;
    }

    /** Returns {@code exit code 3} or {@code signal KILL}. */
    @Override
    public String toString() {
        return signal == null ? "exit code " + code : "signal " + signal;
    }
}
