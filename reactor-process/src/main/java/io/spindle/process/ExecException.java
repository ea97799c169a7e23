// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

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
        /** It was ended because it wrote more than its {@link Command#maxBuffer(long)}. */
        MAX_BUFFER,
        /** It was ended because it wrote a longer line than {@link Command#maxLine(int, LongLine)} allows. */
        LONG_LINE
    }

    private final transient Command command;
    private final transient ExecResult result;
    private final Reason reason;

    ExecException(Command command, ExecResult result, Reason reason) {
        super(describe(command, result, reason));
        this.command = command;
        this.result = result;
        this.reason = reason;
    }

    private static String describe(Command command, ExecResult result, Reason reason) {
        String what = switch (reason) {
            case EXIT_CODE -> "ended with " + result.status();
            case SIGNAL -> "was ended by " + result.status();
            case TIMEOUT -> "was ended after its time-out of " + command.timeout();
            case MAX_BUFFER -> "was ended: it wrote more than maxBuffer, " + command.maxBuffer() + " bytes";
            case LONG_LINE -> "was ended: it wrote a line longer than maxLine, " + command.maxLine();
        };
        String stderr = result.stderr().strip();
        String tail = stderr.length() <= MESSAGE_TAIL_CHARS
                ? stderr
                : "…" + stderr.substring(stderr.length() - MESSAGE_TAIL_CHARS);
        return "command " + what + ": " + command + (tail.isEmpty() ? "" : System.lineSeparator() + tail);
    }

    /** Returns what was run. */
    public Command command() {
        return command;
    }

    /** Returns why the run counts as failed. */
    public Reason reason() {
        return reason;
    }

    /** Returns how the process ended; after a time-out, that is by our signal or by itself. */
    public ExitStatus status() {
        return result.status();
    }

    /**
     * Returns what it wrote to stdout: after {@link Command#exec()} all, at most {@link Command#maxBuffer(long)}
     * bytes, cut between two characters; else empty, for it has been streamed.
     */
    public String stdout() {
        return result.stdout();
    }

    /**
     * Returns what it wrote to stderr: after {@link Command#exec()} all, at most {@link Command#maxBuffer(long)}
     * bytes; else the last 64 KiB. Empty if stderr went elsewhere or into stdout.
     */
    public String stderr() {
        return result.stderr();
    }
}
