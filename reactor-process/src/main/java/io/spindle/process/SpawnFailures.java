// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.process.SpawnException.Reason;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds out why a program could not be started: the JDK puts the system's error number into its text only. */
final class SpawnFailures {

    /** "error=2" up to some JDK, "error: 2" in later ones, "error(-2)" of Netty. */
    private static final Pattern ERROR_NUMBER = Pattern.compile("error(?:=|: |\\(-)(\\d+)");

    /** Where the JDK opens our ends of pipes again, which are there for certain. */
    private static final String OWN_DESCRIPTOR = "/proc/self/fd/";

    private static final int ENOENT = 2;
    private static final int EAGAIN = 11;
    private static final int ENOMEM = 12;
    private static final int EACCES = 13;
    private static final int ENFILE = 23;
    private static final int EMFILE = 24;

    private SpawnFailures() {}

    static SpawnException explain(Command command, IOException error) {
        Path directory = command.directory();
        String program = command.line().get(0);
        Reason reason = reason(directory, error);
        if (reason == Reason.NOT_EXECUTABLE
                && isByName(program)
                && Programs.find(command).isEmpty()) {
            reason = Reason.PROGRAM_MISSING; // it was a directory of the PATH that may not be searched
        }
        String message = switch (reason) {
            case PROGRAM_MISSING -> missing(command, program);
            case NOT_EXECUTABLE -> "program may not be executed: " + program;
            case DIRECTORY_MISSING ->
                "working directory does not exist, is not a directory or may not be entered: " + directory + ", for "
                        + command;
            case REDIRECT_FAILED ->
                "a file for stdin, stdout or stderr cannot be opened: " + rootMessage(error) + ", for " + command;
            case LIMIT_REACHED -> "the system has no process, descriptor or memory left for " + command;
            case OTHER -> "cannot start " + command + ": " + rootMessage(error);
        };
        return new SpawnException(command, reason, message, error);
    }

    private static String missing(Command command, String program) {
        if (Programs.find(command).isPresent()) { // the file is there: what it names is not
            return "the interpreter that the first line of " + program + " names was not found";
        }
        if (isByName(program)) {
            return "program not found: " + program + " (looked for on the PATH of this JVM)";
        }
        Path directory = command.directory();
        return "program not found: " + program
                + (directory == null || program.startsWith("/") ? "" : " (looked for from " + directory + ")");
    }

    private static boolean isByName(String program) {
        return program.indexOf('/') < 0;
    }

    private static Reason reason(@Nullable Path directory, IOException error) {
        if (directory != null && !(Files.isDirectory(directory) && Files.isExecutable(directory))) {
            return Reason.DIRECTORY_MISSING;
        }
        if (isOutOfDescriptors(error)) {
            return Reason.LIMIT_REACHED;
        }
        if (error instanceof FileNotFoundException || error.getCause() instanceof FileNotFoundException) {
            return Reason.REDIRECT_FAILED;
        }
        return switch (errorNumber(error)) {
            case ENOENT -> Reason.PROGRAM_MISSING;
            case EACCES -> Reason.NOT_EXECUTABLE;
            case EAGAIN, ENOMEM -> Reason.LIMIT_REACHED;
            default -> Reason.OTHER;
        };
    }

    /** Whether there was no descriptor left, for a pipe or for a file that is known to be there. */
    static boolean isOutOfDescriptors(IOException error) {
        String text = String.valueOf(rootMessage(error));
        int number = errorNumber(error);
        return number == EMFILE
                || number == ENFILE
                || text.startsWith(OWN_DESCRIPTOR)
                || text.contains("(Too many open files");
    }

    /** Returns the system's number of the error, or 0 if it has none. */
    static int errorNumber(IOException error) {
        Matcher matcher = ERROR_NUMBER.matcher(String.valueOf(rootMessage(error)));
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static @Nullable String rootMessage(IOException error) {
        return error.getCause() == null ? error.getMessage() : error.getCause().getMessage();
    }
}
