// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/** The limit that a process exceeded, so that it was ended; of several the first one. */
record Exceeded(ExecException.Reason reason, String text) {

    static Exceeded timeout(Command command) {
        return new Exceeded(ExecException.Reason.TIMEOUT, "was ended after its time-out of " + command.timeout());
    }

    static Exceeded idleTimeout(Command command) {
        return new Exceeded(
                ExecException.Reason.IDLE_TIMEOUT,
                "was ended: it wrote nothing for its idle time-out of " + command.idleTimeout());
    }

    static Exceeded maxBuffer(OutputRules rules) {
        String limit = rules.maxBufferBytes() <= Capture.MOST_BYTES
                ? "maxBuffer, " + rules.maxBufferBytes() + " bytes"
                : "one result can hold, " + Capture.MOST_BYTES + " bytes";
        return new Exceeded(
                ExecException.Reason.MAX_BUFFER, "was ended: it wrote more to " + rules.name() + " than " + limit);
    }

    static Exceeded maxLine(OutputRules rules) {
        return new Exceeded(
                ExecException.Reason.LONG_LINE,
                "was ended: it wrote a line to " + rules.name() + " that is longer than maxLine, " + rules.maxLine());
    }

    /** Whether the process is asked before it is killed: it has had its time, but has not flooded us. */
    boolean isGentle() {
        return reason == ExecException.Reason.TIMEOUT || reason == ExecException.Reason.IDLE_TIMEOUT;
    }
}
