// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Signals that a program ran and failed: its exit code is not accepted, a signal ended it, it took too long or wrote
 * too much. Node analogue: the error given to the callback of {@code exec}.
 *
 * @since 0.1.0
 */
public final class ExecException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int MESSAGE_TAIL_CHARS = 2000;

    /** Why the run counts as failed. */
    public enum Reason {
        /** It ended by itself with a code that the command does not accept. */
        EXIT_CODE,
        /** A signal that we did not send ended it. */
        SIGNAL,
        /** It was ended because it ran longer than its {@link Command#timeout(java.time.Duration)}. */
        TIMEOUT,
        /** It was ended because it wrote nothing for its {@link Command#idleTimeout(java.time.Duration)}. */
        IDLE_TIMEOUT,
        /** It was ended because it wrote more than {@link Command#maxBuffer(long)} or {@link Output#maxBuffer(long)}. */
        MAX_BUFFER,
        /** It was ended because of a line longer than {@link Command#maxLine(int, LongLine)} or {@link Output#maxLine}. */
        LONG_LINE
    }

    private final transient Command command;
    private final transient List<ExecResult> stages;
    private final transient ExecResult result;
    private final Reason reason;

    /**
     * Signals the failure of one stage.
     *
     * @param failed the index of its result in {@code stages}
     * @param exceeded why we ended it, or null if it ended by itself
     */
    ExecException(Command command, List<ExecResult> stages, int failed, @Nullable Exceeded exceeded) {
        super(describe(command, stages, failed, exceeded));
        this.command = command;
        this.stages = List.copyOf(stages);
        this.result = stages.get(failed);
        this.reason = exceeded == null ? unexpected(result.status()) : exceeded.reason();
    }

    private static Reason unexpected(ExitStatus status) {
        return status.signalNumber().isPresent() ? Reason.SIGNAL : Reason.EXIT_CODE;
    }

    private static String describe(Command command, List<ExecResult> stages, int failed, @Nullable Exceeded exceeded) {
        ExecResult result = stages.get(failed);
        String byItself = unexpected(result.status()) == Reason.SIGNAL ? "was ended by " : "ended with ";
        String what = exceeded == null ? byItself + result.status() : exceeded.text();
        String stderr = result.stderr().strip();
        String tail = stderr.length() <= MESSAGE_TAIL_CHARS
                ? stderr
                : "…" + stderr.substring(stderr.length() - MESSAGE_TAIL_CHARS);
        String who = stages.size() == 1 ? "command " : "stage " + (failed + 1) + " of " + stages.size() + " ";
        String where = command.directory() == null ? "" : " (in " + command.directory() + ")";
        return who + what + ": " + command + where + (tail.isEmpty() ? "" : System.lineSeparator() + tail);
    }

    /** Returns what was run; of a {@link Pipeline}, the stage that failed. */
    public Command command() {
        return command;
    }

    /**
     * Returns the result of each stage of a {@link Pipeline}, the first one first; of a command alone, its own.
     *
     * @return unmodifiable, not empty
     */
    public List<ExecResult> stages() {
        return stages;
    }

    /** Returns why the run counts as failed. */
    public Reason reason() {
        return reason;
    }

    /** Returns how the process ended; after a time-out, that is by our signal or by itself. */
    public ExitStatus status() {
        return result.status();
    }

    /** Returns the time from its start to the end of the process and of its output. */
    public Duration duration() {
        return result.duration();
    }

    /**
     * Returns what it wrote to stdout: after {@link Command#exec()} all, at most {@link Command#maxBuffer(long)}
     * bytes or as many as the {@link Output} says, cut between two characters; else empty, for it has been streamed.
     */
    public String stdout() {
        return result.stdout();
    }

    /**
     * Returns what it wrote to stderr: after {@link Command#exec()} all, at most {@link Command#maxBuffer(long)}
     * bytes or as many as the {@link Output} says; else the last 64 KiB. Empty if stderr went elsewhere or into stdout.
     */
    public String stderr() {
        return result.stderr();
    }
}
