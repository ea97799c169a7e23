// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.Optional;

/**
 * A POSIX signal. The numbers are those of Linux on x86-64 and AArch64, by which an exit code is decoded; a signal is
 * sent by its name.
 *
 * @since 0.1.0
 */
public enum Signal {
    /** Hang-up: the terminal has gone; many daemons reload their configuration. */
    HUP(1),
    /** Interrupt, as sent by Ctrl-C. */
    INT(2),
    /** Quit with a core dump; a JVM prints its threads. */
    QUIT(3),
    /** Illegal instruction. */
    ILL(4),
    /** Trace or breakpoint trap. */
    TRAP(5),
    /** Abort, as raised by {@code abort()}. */
    ABRT(6),
    /** Bus error. */
    BUS(7),
    /** Arithmetic error. */
    FPE(8),
    /** Ends a process at once; can be neither caught nor ignored. */
    KILL(9),
    /** For the program's own use. */
    USR1(10),
    /** Invalid memory reference. */
    SEGV(11),
    /** For the program's own use. */
    USR2(12),
    /** A write to a pipe that nobody reads. */
    PIPE(13),
    /** A timer of the process. */
    ALRM(14),
    /** Asks a process to end: the default of every graceful end here. */
    TERM(15),
    /** Goes on after {@link #STOP} or {@link #TSTP}. */
    CONT(18),
    /** Stops a process until {@link #CONT}; can be neither caught nor ignored. */
    STOP(19),
    /** Stop typed at the terminal. */
    TSTP(20),
    /** The limit of processor time is exceeded. */
    XCPU(24),
    /** The limit of file size is exceeded. */
    XFSZ(25),
    /** Bad system call. */
    SYS(31);

    private final int number;

    Signal(int number) {
        this.number = number;
    }

    /** Returns its number on Linux. */
    public int number() {
        return number;
    }

    /**
     * Returns the signal of a number, or empty if the number is not one of these.
     *
     * @param number as {@link #number()}
     */
    public static Optional<Signal> of(int number) {
        for (Signal signal : values()) {
            if (signal.number == number) {
                return Optional.of(signal);
            }
        }
        return Optional.empty();
    }
}
