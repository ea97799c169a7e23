// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How a process ended: by itself with a code, or by a signal.
 *
 * <p>A process that a signal ended has the code 128 + the signal's number, as in a shell. Where processes are started by
 * the JDK it reports no more than that sum, so a program that itself exits with such a code, 137 say, reads as ended by
 * {@link Signal#KILL}, and one that a real-time signal ended as if it had exited with the sum; the native engine tells
 * them apart. Node analogue: the arguments of the {@code exit} event, where exactly one of code and signal is set.
 *
 * @since 0.1.0
 */
public final class ExitStatus {

    private static final int SIGNAL_BASE = 128;

    /** The code of a process that {@link Signal#PIPE} ended. */
    static final int BROKEN_PIPE_CODE = SIGNAL_BASE + 13;

    private final int code;
    private final int signalNumber; // 0: none

    private ExitStatus(int code, int signalNumber) {
        this.code = code;
        this.signalNumber = signalNumber;
    }

    /**
     * Decodes what a shell or the JDK reports: 128 plus the number of a signal that has a name and ends processes is that
     * signal. A program that exits with another such sum itself is more likely than one that a real-time signal ended.
     *
     * @param code 0 to 255
     */
    static ExitStatus ofShellCode(int code) {
        int number = code - SIGNAL_BASE;
        return new ExitStatus(code, Signal.of(number).filter(Signal::mayEnd).isPresent() ? number : 0);
    }

    /** Decodes what the system reports, which tells a code and a signal apart. */
    static ExitStatus ofWaitStatus(int status) {
        int signal = status & 0x7F;
        return new ExitStatus(signal == 0 ? (status >> 8) & 0xFF : SIGNAL_BASE + signal, signal);
    }

    /** Returns the exit code, 0 to 255; 128 + n if signal n ended the process. */
    public int code() {
        return code;
    }

    /**
     * Returns the signal that ended the process, or empty if it ended by itself, or by a signal without a name: see
     * {@link #signalNumber()}.
     */
    public Optional<Signal> signal() {
        return Signal.of(signalNumber);
    }

    /**
     * Returns the number of the signal that ended the process, or empty if it ended by itself. Real-time signals, 32 to 64 on
     * Linux, have a number only, and are told by the native engine alone.
     */
    public OptionalInt signalNumber() {
        return signalNumber == 0 ? OptionalInt.empty() : OptionalInt.of(signalNumber);
    }

    /** Returns whether the code is 0. */
    public boolean isSuccess() {
        return code == 0;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ExitStatus status && status.code == code && status.signalNumber == signalNumber;
    }

    @Override
    public int hashCode() {
        return code;
    }

    /** Returns {@code exit code 3}, {@code signal KILL}, or {@code signal 40} for one without a name. */
    @Override
    public String toString() {
        return signalNumber == 0
                ? "exit code " + code
                : "signal " + signal().map(Signal::name).orElseGet(() -> Integer.toString(signalNumber));
    }
}
