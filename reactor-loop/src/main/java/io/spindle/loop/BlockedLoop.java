// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.time.Duration;
import java.util.List;

/**
 * A report that one callback holds an {@link EventLoop} for too long.
 *
 * @param loop the name of the loop
 * @param state what the loop's thread is doing
 * @param held for how long the callback has held the loop so far; in an {@link State#ENDED} report how long in all, to
 *     the precision of the watchdog's looks
 * @param stack the stack of the loop's thread, innermost frame first; empty in an {@link State#ENDED} report
 * @since 0.1.0
 */
public record BlockedLoop(String loop, State state, Duration held, List<StackTraceElement> stack) {

    private static final int MAX_FRAMES = 30;

    /** What holds the loop. */
    public enum State {
        /** The thread waits: a blocking call, a lock. */
        BLOCKED,
        /** The thread computes. */
        COMPUTING,
        /** The thread loads or links classes: the price of a first time. */
        LOADING,
        /** The thread could run but is given no processor: the machine is overloaded, the callback is not at fault. */
        STARVED,
        /** The callback has ended; the last report of it. */
        ENDED
    }

    @Override
    public String toString() {
        String took = held.toMillis() + " ms";
        if (state == State.ENDED) {
            return "the callback that held loop " + loop + " has ended after about " + took;
        }
        StringBuilder text =
                new StringBuilder("loop " + loop + " has been held by one callback for " + took + ", " + advice());
        for (StackTraceElement frame : stack.subList(0, Math.min(stack.size(), MAX_FRAMES))) {
            text.append(System.lineSeparator()).append("\tat ").append(frame);
        }
        return text.toString();
    }

    private String advice() {
        return switch (state) {
            case BLOCKED -> "it waits: move the call to a BlockingPool";
            case COMPUTING -> "it computes: move the work to a worker";
            case LOADING -> "it loads classes for the first time";
            case STARVED -> "but the machine gives it no processor";
            case ENDED -> "it has ended";
        };
    }
}
