// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the loop counts of itself: plain increments of one writer, published opaquely, so that nothing is paid while
 * nobody reads.
 */
final class LoopCounters {

    private static final int SLOWEST = 10;
    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;
    private static final int ENDED = 2;

    private final TurnTimes turnTimes = new TurnTimes();
    private final boolean timing;
    private final List<LoopMetrics.SlowCallback> slowest = new ArrayList<>();
    private final AtomicLong callbacks = new AtomicLong();
    private final AtomicLong events = new AtomicLong();
    private final AtomicLong turns = new AtomicLong();

    /** Odd while the loop writes the times below, which a snapshot must see as they were at one moment. */
    private final AtomicLong timesVersion = new AtomicLong();

    private final AtomicInteger state = new AtomicInteger(AWAKE);
    private final AtomicLong idleNanos = new AtomicLong();
    private final AtomicLong activeNanos = new AtomicLong();
    private final AtomicLong changedAt = new AtomicLong(System.nanoTime());

    /**
     * What was told already: two threads that read the clock at once may differ by some nanoseconds, and a counter of
     * Prometheus that goes back by one counts as begun anew.
     */
    private final AtomicLong toldIdleNanos = new AtomicLong();

    private final AtomicLong toldActiveNanos = new AtomicLong();

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
        String name = (callback instanceof Wrapper wrapper ? wrapper.wrapped() : callback)
                .getClass()
                .getName();
        synchronized (slowest) { // contended by a reader at most, in an opt-in diagnosis
            if (slowest.size() == SLOWEST && slowest.get(SLOWEST - 1).duration().toNanos() >= nanos) {
                return;
            }
            slowest.add(new LoopMetrics.SlowCallback(name, Duration.ofNanos(nanos)));
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
    void turnEnds() {
        beginTimes();
        long now = System.nanoTime();
        long nanos = now - changedAt.getPlain();
        add(turns, 1);
        add(activeNanos, nanos);
        changedAt.setOpaque(now);
        endTimes();
        turnTimes.record(nanos);
    }

    /** From now on the loop sleeps, or looks for a task before it does. Returns the time. Loop only. */
    long sleeps() {
        beginTimes();
        long now = System.nanoTime();
        add(activeNanos, now - changedAt.getPlain());
        changedAt.setOpaque(now);
        state.setOpaque(ASLEEP);
        endTimes();
        return now;
    }

    /** The loop has slept since {@code fellAsleep}. Loop only. */
    void woke(long fellAsleep) {
        beginTimes();
        long now = System.nanoTime();
        add(idleNanos, now - fellAsleep);
        changedAt.setOpaque(now);
        state.setOpaque(AWAKE);
        endTimes();
    }

    /** Nothing is counted any more. Loop only. */
    void ended() {
        beginTimes();
        add(activeNanos, System.nanoTime() - changedAt.getPlain());
        state.setOpaque(ENDED);
        endTimes();
    }

    private void beginTimes() {
        timesVersion.setOpaque(timesVersion.getPlain() + 1);
        VarHandle.storeStoreFence();
    }

    private void endTimes() {
        timesVersion.setRelease(timesVersion.getPlain() + 1);
    }

    private record Times(long idleNanos, long activeNanos) {}

    /** What has ended, and the turn or sleep that has not. */
    private Times times() {
        while (true) {
            long version = timesVersion.getAcquire();
            long idle = idleNanos.getOpaque();
            long active = activeNanos.getOpaque();
            long open = Math.max(0, System.nanoTime() - changedAt.getOpaque());
            int now = state.getOpaque(); // after the clock: it may fall asleep in between, and wakes in a new version
            VarHandle.loadLoadFence();
            if ((version & 1) == 0 && version == timesVersion.getOpaque()) {
                return new Times(
                        toldIdleNanos.accumulateAndGet(idle + (now == ASLEEP ? open : 0), Math::max),
                        toldActiveNanos.accumulateAndGet(active + (now == AWAKE ? open : 0), Math::max));
            }
            Thread.onSpinWait();
        }
    }

    LoopMetrics snapshot(NettyLoop loop, List<String> resources) {
        Times times = times();
        List<LoopMetrics.SlowCallback> slow;
        synchronized (slowest) {
            slow = List.copyOf(slowest);
        }
        return new LoopMetrics(
                Duration.ofNanos(times.idleNanos),
                Duration.ofNanos(times.activeNanos),
                turnTimes.snapshot(),
                turns.getOpaque(),
                callbacks(),
                events.getOpaque(),
                loop.pendingTasks(),
                loop.queuedTicks(),
                loop.queuedMicrotasks(),
                loop.queuedImmediates(),
                loop.timers().waiting(),
                loop.channels(),
                resources,
                slow);
    }
}
