// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.io.IOException;
import java.io.PrintWriter;
import tools.jackson.databind.JsonNode;

/** Prints the lines that a primary has seen, as they come: for people, or as they are. */
final class LogPrinter implements ControlClient.Lines {

    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean json;
    private boolean begun;

    LogPrinter(PrintWriter out, PrintWriter err, boolean json) {
        this.out = out;
        this.err = err;
        this.json = json;
    }

    @Override
    public boolean take(String line) throws IOException {
        if (begun) {
            out.println(json ? Answer.plain(line) : shown(Answer.read(line)));
            return !out.checkError(); // of a reader that has gone
        }
        begun = true;
        String note = Answer.of(line).json().path("note").asString("");
        if (!note.isEmpty()) {
            err.println("spindle logs: " + Answer.plain(note));
        }
        return true;
    }

    private static String shown(JsonNode line) {
        if (line.has("missed")) {
            return "[spindle] " + line.path("missed").asLong(0)
                    + " lines are missing here: they came faster than they were read";
        }
        String text = Answer.plainLine(line.path("text").asString(""));
        return line.path("source").asString("").equals("primary")
                ? "[primary] " + text
                : "[worker " + line.path("worker").asInt(0) + "] " + text;
    }
}
