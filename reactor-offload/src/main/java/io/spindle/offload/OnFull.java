// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

/**
 * What a pool does with a task when as many tasks wait as may.
 *
 * @since 0.1.0
 */
public enum OnFull {
    /** The new task is refused with {@link TaskRejectedException}. */
    REJECT,
    /**
     * The subscriber waits for room, without a thread: its {@code Mono} stays silent, a map takes no more from its
     * source. Who came first gets in first; cancel ends the waiting. Tasks of the Scheduler, which nobody can wait for,
     * are refused.
     */
    WAIT,
    /**
     * The task that has waited longest is refused with {@link TaskRejectedException} and the new one takes its room.
     * Tasks of a {@code Scheduler.Worker} are never dropped that way, for the sake of those behind them.
     */
    DROP_OLDEST
}
