// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;

/** Looks at a cluster again and again, until it has ended or nobody reads. Blocks. */
final class Top {

    private static final Path OUTPUT = Path.of("/proc/self/fd/1");
    private static final List<String> TERMINALS = List.of("/dev/pts/", "/dev/tty", "/dev/console");
    private static final String CLEAR = "\033[2J";
    private static final String HOME = "\033[H";
    private static final String CLEAR_LINE = "\033[K";
    private static final String CLEAR_BELOW = "\033[J";

    private final Look look;
    private final PrintWriter out;
    private final boolean isTerminal;

    /** Gets a status. */
    interface Look {

        JsonNode status() throws IOException;
    }

    /**
     * Makes one.
     *
     * @param isTerminal whether each table takes the place of the one before
     */
    Top(Look look, PrintWriter out, boolean isTerminal) {
        this.look = look;
        this.out = out;
        this.isTerminal = isTerminal;
    }

    /** Returns whether what this program prints goes to a terminal; the JDK says so of a console, whatever that is. */
    static boolean isTerminal() {
        try {
            String output = Files.readSymbolicLink(OUTPUT).toString();
            return !"dumb".equals(System.getenv("TERM")) && TERMINALS.stream().anyMatch(output::startsWith);
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Prints one table or more.
     *
     * @throws IOException with a message for the user, if there is nothing to be seen, or no longer, though the primary is there
     */
    void run(Duration interval, boolean once) throws IOException {
        JsonNode before = null;
        while (true) {
            JsonNode now;
            try {
                now = look.status();
            } catch (GoneException e) {
                if (before == null) {
                    throw e;
                }
                out.println("the cluster has ended");
                return;
            }
            print(TopTable.of(before, now), before == null);
            if (once || out.checkError()) {
                return;
            }
            before = now;
            LockSupport.parkNanos(interval.toNanos());
        }
    }

    private void print(List<String> lines, boolean first) {
        String end = System.lineSeparator();
        if (isTerminal) {
            out.print((first ? CLEAR : "")
                    + HOME
                    + String.join(CLEAR_LINE + end, lines)
                    + CLEAR_LINE
                    + end
                    + CLEAR_BELOW);
        } else {
            out.print((first ? "" : end) + String.join(end, lines) + end);
        }
        out.flush();
    }
}
