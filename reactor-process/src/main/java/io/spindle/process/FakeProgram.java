// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * An immutable description of what a fake program does, step by step; it then exits with code 0.
 *
 * <p>{@code FakeProgram.create().stdout("one\n").delay(Duration.ofSeconds(5)).stderr("oops\n").exit(3)} writes, waits,
 * complains and fails. It writes no faster than it is read, a pipe holds 64 KiB, and it is ended by
 * {@link Signal#PIPE} when nobody reads any more, by a signal that it does not {@linkplain #ignore ignore}, and by
 * {@link Signal#KILL}.
 *
 * @since 0.1.0
 */
public final class FakeProgram {

    private static final int MAX_CODE = 255;
    private static final Set<Signal> WITHOUT_END = EnumSet.of(Signal.CONT, Signal.STOP, Signal.TSTP);

    /** Does something; returns false to be called again when that may go on. */
    @FunctionalInterface
    interface Step {
        boolean run(FakeProcess process);
    }

    private final List<Step> steps;
    private final Set<Signal> ignored;

    private FakeProgram(List<Step> steps, Set<Signal> ignored) {
        this.steps = steps;
        this.ignored = ignored;
    }

    /** Returns a program that does nothing and exits with code 0. */
    public static FakeProgram create() {
        return new FakeProgram(List.of(), WITHOUT_END);
    }

    private FakeProgram then(Step step) {
        List<Step> longer = new ArrayList<>(steps);
        longer.add(step);
        return new FakeProgram(List.copyOf(longer), ignored);
    }

    /**
     * Writes to the standard output.
     *
     * @param text encoded as the command decodes this output, see {@link Command#charset(java.nio.charset.Charset)}
     */
    public FakeProgram stdout(String text) {
        Objects.requireNonNull(text, "text");
        return stdout(call -> text);
    }

    /**
     * Writes to the standard output what depends on the call: {@code readStdin().stdout(FakeCall::stdin)} is {@code cat}.
     *
     * @param text called when it is to be written; must neither block nor throw
     */
    public FakeProgram stdout(Function<FakeCall, String> text) {
        Objects.requireNonNull(text, "text");
        return then(process -> process.writeStdout(text));
    }

    /**
     * Writes to the standard error.
     *
     * @param text encoded as the command decodes this output, see {@link Command#charset(java.nio.charset.Charset)}
     */
    public FakeProgram stderr(String text) {
        Objects.requireNonNull(text, "text");
        return then(process -> process.writeStderr(call -> text));
    }

    /** Reads the standard input to its end. */
    public FakeProgram readStdin() {
        return then(FakeProcess::readStdin);
    }

    /**
     * Waits, in virtual time if that is on.
     *
     * @param delay not negative
     */
    public FakeProgram delay(Duration delay) {
        Checks.notNegative("delay", delay);
        return then(process -> process.delay(delay));
    }

    /** Waits until a signal ends it. */
    public FakeProgram hang() {
        return then(process -> false);
    }

    /**
     * Exits; what follows is not reached.
     *
     * @param code 0 to 255
     * @throws IllegalArgumentException otherwise
     */
    public FakeProgram exit(int code) {
        if (code < 0 || code > MAX_CODE) {
            throw new IllegalArgumentException("code must be from 0 to 255, was " + code);
        }
        return then(process -> process.end(ExitStatus.ofWaitStatus(code << 8)));
    }

    /**
     * Lets it go on when it gets a signal, as one with a handler does. {@link Signal#KILL} ends it all the same.
     *
     * @param signal is recorded in {@link FakeCall#signals()}
     */
    public FakeProgram ignore(Signal signal) {
        Set<Signal> more = EnumSet.copyOf(ignored);
        more.add(Objects.requireNonNull(signal, "signal"));
        return new FakeProgram(steps, more);
    }

    List<Step> steps() {
        return steps;
    }

    boolean endsBy(Signal signal) {
        return signal == Signal.KILL || !ignored.contains(signal);
    }
}
