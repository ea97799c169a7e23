// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * One {@code setTimeout} or {@code setInterval}. Its state is written without a fence: whoever changes it off the loop
 * posts a task to the loop afterwards, which orders it.
 */
final class LoopTimeout extends TimerEntry implements Timeout {

    private static final AtomicIntegerFieldUpdater<LoopTimeout> STATE =
            AtomicIntegerFieldUpdater.newUpdater(LoopTimeout.class, "state");
    private static final int WAITING = 0;
    private static final int FIRED = 1;
    private static final int CLEARED = 2;

    private final DefaultEventLoop loop;
    private final Runnable task;
    private final long nanos;
    private final boolean repeats;
    private volatile int state;
    private volatile boolean unreferenced;

    LoopTimeout(DefaultEventLoop loop, Runnable task, long nanos, boolean repeats) {
        this.loop = loop;
        this.task = task;
        this.nanos = nanos;
        this.repeats = repeats;
    }

    // loop only
    void arm(long startNanos) {
        if (state == CLEARED || (repeats && loop.isDisposing())) {
            return;
        }
        if (state == FIRED) {
            STATE.lazySet(this, WAITING);
        }
        timers().unlink(this);
        timers().link(this, nanos, startNanos);
    }

    @Override
    public void run() {
        if (!repeats) {
            STATE.lazySet(this, FIRED);
            task.run();
            return;
        }
        long startNanos = System.nanoTime();
        try {
            task.run();
        } finally {
            arm(startNanos);
        }
    }

    @Override
    boolean repeats() {
        return repeats;
    }

    @Override
    public Timeout refresh() {
        long startNanos = System.nanoTime();
        loop.onLoop(() -> arm(startNanos));
        return this;
    }

    @Override
    public Timeout ref() {
        return reference(true);
    }

    @Override
    public Timeout unref() {
        return reference(false);
    }

    private Timeout reference(boolean reference) {
        unreferenced = !reference;
        loop.onLoop(() -> timers().reference(this, !unreferenced));
        return this;
    }

    @Override
    public boolean hasRef() {
        return !unreferenced;
    }

    @Override
    public void dispose() {
        if (state == CLEARED) {
            return;
        }
        STATE.lazySet(this, CLEARED);
        if (loop.inLoop()) {
            timers().unlink(this);
        } else {
            loop.onLoop(() -> timers().unlink(this));
        }
    }

    @Override
    public boolean isDisposed() {
        return state != WAITING || loop.isDisposed();
    }

    private TimerLists timers() {
        return loop.nettyLoop().timers();
    }
}
