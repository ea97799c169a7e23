// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * One {@code setImmediate}: waiting, or started or cleared. Its state is written without a fence: a change off the loop
 * is followed by a task posted to the loop, which orders it.
 */
final class Immediate implements Handle, Runnable {

    private static final AtomicIntegerFieldUpdater<Immediate> STATE =
            AtomicIntegerFieldUpdater.newUpdater(Immediate.class, "state");
    private static final int DONE = 1;

    private final DefaultEventLoop loop;
    private final Runnable task;
    private volatile int state;
    private volatile boolean unreferenced;

    /** Whether this one is counted among those that keep the loop alive. Loop only. */
    private boolean counted;

    Immediate(DefaultEventLoop loop, Runnable task) {
        this.loop = loop;
        this.task = task;
    }

    // loop only
    void queue() {
        loop.nettyLoop().addImmediate(this);
        count();
    }

    // loop only
    boolean start() {
        boolean starts = state != DONE;
        STATE.lazySet(this, DONE);
        count();
        return starts;
    }

    @Override
    public void run() {
        task.run();
    }

    @Override
    public void dispose() {
        if (state != DONE) {
            STATE.lazySet(this, DONE);
            loop.onLoop(this::count);
        }
    }

    @Override
    public boolean isDisposed() {
        return state == DONE || loop.isDiscarding();
    }

    @Override
    public Handle ref() {
        return reference(true);
    }

    @Override
    public Handle unref() {
        return reference(false);
    }

    private Handle reference(boolean reference) {
        unreferenced = !reference;
        loop.onLoop(this::count);
        return this;
    }

    @Override
    public boolean hasRef() {
        return !unreferenced;
    }

    private void count() {
        boolean counts = !unreferenced && state != DONE;
        if (counts != counted) {
            counted = counts;
            loop.nettyLoop().referenceImmediates(counts ? 1 : -1);
        }
    }
}
