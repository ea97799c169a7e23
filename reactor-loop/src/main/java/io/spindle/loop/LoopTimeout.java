// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** One {@code setTimeout} or {@code setInterval}. Cleared on the loop, its state is written without a fence. */
final class LoopTimeout extends TimerEntry implements Timeout, Wrapper {

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
        if (repeats && loop.isDisposing()) {
            stopped();
        }
        if (state == CLEARED) {
            return;
        }
        if (state == FIRED && !STATE.compareAndSet(this, FIRED, WAITING)) {
            return; // cleared meanwhile
        }
        timers().unlink(this);
        timers().link(this, nanos, startNanos);
    }

    @Override
    public void run() {
        if (!repeats) {
            if (STATE.compareAndSet(this, WAITING, FIRED)) { // it may have been cleared from outside meanwhile
                task.run();
            }
            return;
        }
        if (state == CLEARED) {
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
    void stopped() {
        STATE.set(this, CLEARED);
    }

    @Override
    public Object wrapped() {
        return task;
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
        if (loop.inLoop()) {
            STATE.lazySet(this, CLEARED);
            timers().unlink(this);
        } else {
            STATE.set(this, CLEARED);
            loop.onLoop(() -> timers().unlink(this));
        }
    }

    @Override
    public boolean isDisposed() {
        return state != WAITING || loop.isDiscarding();
    }

    private TimerLists timers() {
        return loop.nettyLoop().timers();
    }
}
