// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the loop counts of itself: plain increments of one writer, published opaquely, so that nothing is paid while
 * nobody reads.
 */
final class LoopCounters {

    private static final int SLOWEST = 10;

    private final TurnTimes turnTimes = new TurnTimes();
    private final boolean timing;
    private final List<LoopMetrics.SlowCallback> slowest = new ArrayList<>();
    private final AtomicLong callbacks = new AtomicLong();
    private final AtomicLong events = new AtomicLong();
    private final AtomicLong turns = new AtomicLong();
    private final AtomicLong idleNanos = new AtomicLong();
    private final AtomicLong activeNanos = new AtomicLong();
    private final AtomicLong changedAt = new AtomicLong(System.nanoTime());

    LoopCounters(boolean timing) {
        this.timing = timing;
    }

    /** One writer, so reading and writing apart is safe, and costs no more than a plain field. */
    private static void add(AtomicLong counter, long amount) {
        counter.setOpaque(counter.getPlain() + amount);
    }

    // loop only
    void callback() {
        add(callbacks, 1);
    }

    /** The number of callbacks begun. The same number twice, awake both times: the same callback. Any thread. */
    long callbacks() {
        return callbacks.getOpaque();
    }

    // loop only
    long events() {
        return events.getPlain();
    }

    // loop only
    void event() {
        add(events, 1);
    }

    boolean timing() {
        return timing;
    }

    // loop only, and only if timing
    void timed(Object callback, long nanos) {
        synchronized (slowest) { // contended by a reader at most, in an opt-in diagnosis
            if (slowest.size() == SLOWEST && slowest.get(SLOWEST - 1).duration().toNanos() >= nanos) {
                return;
            }
            slowest.add(new LoopMetrics.SlowCallback(callback.getClass().getName(), Duration.ofNanos(nanos)));
            slowest.sort(
                    Comparator.comparing(LoopMetrics.SlowCallback::duration).reversed());
            if (slowest.size() > SLOWEST) {
                slowest.remove(SLOWEST);
            }
        }
    }

    /** When the present turn began: when the loop woke, or the turn before ended. Loop only. */
    long awakeSince() {
        return changedAt.getPlain();
    }

    /** A turn ends in the poll. Loop only. */
    long turnEnds() {
        long now = System.nanoTime();
        long nanos = now - changedAt.getPlain();
        add(turns, 1);
        add(activeNanos, nanos);
        changedAt.setOpaque(now);
        turnTimes.record(nanos);
        return now;
    }

    /** The loop has slept since {@code fellAsleep}. Loop only. */
    void woke(long fellAsleep) {
        long now = System.nanoTime();
        add(idleNanos, now - fellAsleep);
        changedAt.setOpaque(now);
    }

    LoopMetrics snapshot(NettyLoop loop, boolean asleep, List<String> resources) {
        long open = Math.max(0, System.nanoTime() - changedAt.getOpaque()); // the turn or sleep that has not ended
        List<LoopMetrics.SlowCallback> slow;
        synchronized (slowest) {
            slow = List.copyOf(slowest);
        }
        return new LoopMetrics(
                Duration.ofNanos(idleNanos.getOpaque() + (asleep ? open : 0)),
                Duration.ofNanos(activeNanos.getOpaque() + (asleep ? 0 : open)),
                turnTimes.snapshot(),
                turns.getOpaque(),
                callbacks(),
                events.getOpaque(),
                loop.pendingTasks(),
                loop.queuedImmediates(),
                loop.timers().waiting(),
                loop.channels(),
                resources,
                slow);
    }
}
