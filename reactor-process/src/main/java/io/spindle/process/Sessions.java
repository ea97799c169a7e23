// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lets a detached child of {@link ProcessBuilder} lead a session, as that of the native engine does: by the program
 * {@code setsid}, which becomes the child's own and so keeps its pid.
 */
final class Sessions {

    private Sessions() {}

    /** Returns the line to be started. It is the command's own where nothing is to be done, or can be. */
    static List<String> line(Command command) {
        Path setsid = command.detached() ? Holder.SETSID : null;
        Path program = setsid == null ? null : Programs.find(command).orElse(null);
        if (setsid == null || program == null) {
            return command.line(); // if there is no such program the JDK is the one to say so
        }
        List<String> line = new ArrayList<>(command.line());
        if (isElsewhere(command)) {
            line.set(0, program.toAbsolutePath().toString());
        }
        line.add(0, setsid.toString());
        return line;
    }

    /** Whether setsid would not find it: it looks on the path that the child is given, and takes a dash for an option. */
    private static boolean isElsewhere(Command command) {
        return command.clearEnv()
                || command.environment().containsKey("PATH")
                || command.line().get(0).startsWith("-");
    }

    private static final class Holder {

        static final @Nullable Path SETSID =
                Programs.find(Command.of("setsid")).map(Path::toAbsolutePath).orElse(null);
    }
}
