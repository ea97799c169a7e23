// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A signal of Linux that has a name; real-time signals have none, see {@link ExitStatus#signalNumber()}. The numbers are
 * those of x86-64 and AArch64, by which an exit code is decoded; a signal is sent by its name.
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
    /** A fault of the coprocessor's stack; unused by Linux. */
    STKFLT(16),
    /** A child has ended or was stopped; ignored by default. */
    CHLD(17),
    /** Goes on after {@link #STOP} or {@link #TSTP}. */
    CONT(18),
    /** Stops a process until {@link #CONT}; can be neither caught nor ignored. */
    STOP(19),
    /** Stop typed at the terminal. */
    TSTP(20),
    /** A read of the terminal from the background; stops by default. */
    TTIN(21),
    /** A write to the terminal from the background; stops by default. */
    TTOU(22),
    /** Urgent data at a socket; ignored by default. */
    URG(23),
    /** The limit of processor time is exceeded. */
    XCPU(24),
    /** The limit of file size is exceeded. */
    XFSZ(25),
    /** A timer of the process that counts its own processor time. */
    VTALRM(26),
    /** A timer of the process that counts its processor time, with that of the system for it. */
    PROF(27),
    /** The size of the terminal has changed; ignored by default. */
    WINCH(28),
    /** Input or output is possible; also called {@code POLL}. */
    IO(29),
    /** The power fails. */
    PWR(30),
    /** Bad system call. */
    SYS(31);

    private static final Set<Signal> HARMLESS = EnumSet.of(CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH);

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

    /**
     * Returns the signal that a text means, as configuration and command lines give it: its name with or without
     * {@code SIG}, in any case, or its number. Node's other names {@code SIGIOT} and {@code SIGPOLL} are known too.
     *
     * @param text such as {@code SIGTERM}, {@code term} or {@code 15}
     * @throws IllegalArgumentException if no signal is called so, as Node's {@code kill} throws for an unknown one
     */
    public static Signal parse(String text) {
        String given = Objects.requireNonNull(text, "text").strip().toUpperCase(Locale.ROOT);
        String name = given.startsWith("SIG") ? given.substring(3) : given;
        for (Signal signal : values()) {
            if (name.equals(signal.name()) || given.equals(Integer.toString(signal.number))) {
                return signal;
            }
        }
        return switch (name) {
            case "IOT" -> ABRT;
            case "POLL" -> IO;
            default ->
                throw new IllegalArgumentException("unknown signal: '" + text + "' (a signal is " + HUP + " to " + SYS
                        + ", with or without SIG, or its number, 1 to " + SYS.number + ")");
        };
    }

    /** Whether it may end a process; the others are ignored by default, or stop it. */
    boolean mayEnd() {
        return !HARMLESS.contains(this);
    }

    /** Returns what {@code kill -s} of every shell understands. */
    String shellName() {
        return this == STKFLT ? Integer.toString(number) : name();
    }
}
