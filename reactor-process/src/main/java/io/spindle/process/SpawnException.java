// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/**
 * Signals that a program could not be started. Nothing of it runs and nothing is left open. Node analogue: the
 * {@code error} event of a child that has no pid ({@code ENOENT}, {@code EACCES}, {@code EAGAIN}, {@code EMFILE}).
 *
 * @since 0.1.0
 */
public final class SpawnException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why a program could not be started. */
    public enum Reason {
        /** No such program on the path, or at the given place, or the interpreter that a script names is missing. */
        PROGRAM_MISSING,
        /** The program is a directory, or its file may not be executed. */
        NOT_EXECUTABLE,
        /** The working directory does not exist, is not a directory or may not be entered. */
        DIRECTORY_MISSING,
        /** A file for stdin, stdout or stderr cannot be opened. */
        REDIRECT_FAILED,
        /** The system has no more processes, descriptors or memory to give: try again later. */
        LIMIT_REACHED,
        /** Anything else; see the cause. */
        OTHER
    }

    private final transient Command command;
    private final Reason reason;

    SpawnException(Command command, Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.command = command;
        this.reason = reason;
    }

    /** Returns what was to be started. */
    public Command command() {
        return command;
    }

    /** Returns why it was not. */
    public Reason reason() {
        return reason;
    }
}
