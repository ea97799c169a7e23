// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** One {@code setImmediate}: waiting, or started or cleared. What it counts is loop only. */
final class Immediate implements Handle, Runnable {

    private static final AtomicIntegerFieldUpdater<Immediate> STATE =
            AtomicIntegerFieldUpdater.newUpdater(Immediate.class, "state");
    private static final int WAITING = 0;
    private static final int DONE = 1;

    private final DefaultEventLoop loop;
    private final Runnable task;
    private volatile int state;
    private volatile boolean referenced = true;
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
        boolean started = STATE.compareAndSet(this, WAITING, DONE);
        count();
        return started;
    }

    @Override
    public void run() {
        task.run();
    }

    @Override
    public void dispose() {
        if (STATE.compareAndSet(this, WAITING, DONE)) {
            loop.onLoop(this::count);
        }
    }

    @Override
    public boolean isDisposed() {
        return state == DONE || loop.isDisposed();
    }

    @Override
    public Handle ref() {
        referenced = true;
        loop.onLoop(this::count);
        return this;
    }

    @Override
    public Handle unref() {
        referenced = false;
        loop.onLoop(this::count);
        return this;
    }

    @Override
    public boolean hasRef() {
        return referenced;
    }

    private void count() {
        boolean counts = referenced && state == WAITING;
        if (counts != counted) {
            counted = counts;
            loop.nettyLoop().referenceImmediates(counts ? 1 : -1);
        }
    }
}
