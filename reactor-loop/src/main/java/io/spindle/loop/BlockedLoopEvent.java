// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** The watchdog's report in a flight recording. */
@Name("io.spindle.LoopBlocked")
@Label("Loop Blocked")
@Description("One callback holds an event loop for too long")
@Category("Spindle")
@StackTrace(false)
final class BlockedLoopEvent extends Event {

    @Label("Loop")
    String loop = "";

    @Label("State")
    String state = "";

    @Label("Held")
    @Timespan(Timespan.NANOSECONDS)
    long held;

    @Label("Stack of the Loop")
    String stack = "";

    static void commit(BlockedLoop report) {
        BlockedLoopEvent event = new BlockedLoopEvent();
        if (event.isEnabled()) {
            event.loop = report.loop();
            event.state = report.state().name();
            event.held = report.held().toNanos();
            event.stack = String.join(
                    "\n",
                    report.stack().stream().map(StackTraceElement::toString).toList());
            event.commit();
        }
    }
}
