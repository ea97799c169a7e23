// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * What an {@link EventLoop} has done and has to do, at one moment. A snapshot, immutable; everything that counts up
 * starts with the loop. {@link #since(LoopMetrics)} gives the figures of a period.
 *
 * @param idle time spent asleep, waiting for something to do
 * @param active time spent awake. Node analogue: {@code performance.eventLoopUtilization()}
 * @param delay how long the turns took: the time for which an event, a timer or a task could have had to wait. Node
 *     analogue: {@code perf_hooks.monitorEventLoopDelay}, sampled once a turn instead of by a timer, so an idle loop
 *     stays idle and a long stall is not counted as one sample among many short ones that never happened
 * @param turns turns through the phases
 * @param callbacks callbacks run: tasks, ticks, microtasks, immediates, timers, close callbacks and I/O events;
 *     ticks, microtasks, immediates, timers and delayed tasks from another thread count twice, as they are posted first
 * @param events I/O events among them
 * @param queuedTasks posted tasks that wait now
 * @param queuedTicks ticks that wait now; none does between two callbacks, so many here are a flood of ticks that set ticks
 * @param queuedMicrotasks microtasks that wait now; as for ticks
 * @param queuedImmediates immediates that wait now, cleared ones included until their phase
 * @param timers timers that wait now
 * @param channels channels and other I/O handles that are registered now
 * @param resources the kinds of what keeps the loop alive now, one entry each. Node analogue:
 *     {@code process.getActiveResourcesInfo()}. An adopted publisher has its name, or {@code Publisher}. Empty once the loop ends at once or has ended
 * @param slowest the slowest callbacks so far, the slowest first; empty unless
 *     {@link EventLoopSpec#callbackTiming(boolean)} is on
 * @since 0.1.0
 */
public record LoopMetrics(
        Duration idle,
        Duration active,
        DurationHistogram delay,
        long turns,
        long callbacks,
        long events,
        int queuedTasks,
        int queuedTicks,
        int queuedMicrotasks,
        int queuedImmediates,
        int timers,
        int channels,
        List<String> resources,
        List<SlowCallback> slowest) {

    /**
     * A callback that took long.
     *
     * @param callback the class of the callback, or of what a hook of {@code Schedulers.onScheduleHook} made of it; for
     *     an I/O event that of the channel's handle
     * @param duration how long it ran
     */
    public record SlowCallback(String callback, Duration duration) {}

    /** Returns the share of the time in which the loop was awake: 0 when it has always slept, 1 when never. */
    public double utilization() {
        double both = (double) idle.toNanos() + active.toNanos();
        return both == 0 ? 0 : active.toNanos() / both;
    }

    /**
     * Returns the figures of the time between an earlier snapshot and this one. What waits and what is the slowest are
     * those of this one.
     *
     * @param earlier a snapshot of the same loop
     */
    public LoopMetrics since(LoopMetrics earlier) {
        Objects.requireNonNull(earlier, "earlier");
        return new LoopMetrics(
                idle.minus(earlier.idle),
                active.minus(earlier.active),
                delay.since(earlier.delay),
                turns - earlier.turns,
                callbacks - earlier.callbacks,
                events - earlier.events,
                queuedTasks,
                queuedTicks,
                queuedMicrotasks,
                queuedImmediates,
                timers,
                channels,
                resources,
                slowest);
    }
}
