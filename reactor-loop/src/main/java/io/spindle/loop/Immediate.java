// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.IntUnaryOperator;

/**
 * One {@code setImmediate}: an object of 24 bytes. The loop counts only those in its queue that do not keep it alive, so
 * that an immediate nobody touches is queued without a write to its state, and leaves with one that has no fence. A
 * change off the loop is followed by a task posted to the loop, which counts anew.
 */
final class Immediate implements Handle, Runnable, Wrapper {

    private static final VarHandle STATE = state();
    private static final int DONE = 1;
    private static final int UNREFERENCED = 2;
    private static final int IDLE = 4; // in the queue and counted as keeping nothing alive; loop only
    private static final int LEFT = 8; // no longer in the queue; loop only

    private final DefaultEventLoop loop;
    private final Runnable task;
    private volatile int state;

    private static VarHandle state() {
        try {
            return MethodHandles.lookup().findVarHandle(Immediate.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    Immediate(DefaultEventLoop loop, Runnable task) {
        this.loop = loop;
        this.task = task;
    }

    /** Queues one that nobody else knows yet. Loop only. */
    void queue() {
        loop.nettyLoop().addImmediate(this);
    }

    /** Queues one that its maker off the loop may have cleared or unreferenced meanwhile. Loop only. */
    void queuePosted() {
        loop.nettyLoop().addImmediate(this);
        count();
    }

    /** Called as it leaves the queue; returns whether it is to run. Loop only. */
    boolean start() {
        int before = (int) STATE.getOpaque(this);
        STATE.setOpaque(
                this, (before | DONE | LEFT) & ~IDLE); // what is lost of a change at this moment is of no effect
        if (before == 0) {
            return true;
        }
        if ((before & IDLE) != 0) {
            loop.nettyLoop().countIdleImmediates(-1);
        }
        return (before & DONE) == 0;
    }

    @Override
    public void run() {
        task.run();
    }

    @Override
    public Object wrapped() {
        return task;
    }

    @Override
    public void dispose() {
        change(DONE, 0);
    }

    @Override
    public boolean isDisposed() {
        return (state & DONE) != 0 || loop.isDiscarding();
    }

    @Override
    public Handle ref() {
        change(0, UNREFERENCED);
        return this;
    }

    @Override
    public Handle unref() {
        change(UNREFERENCED, 0);
        return this;
    }

    @Override
    public boolean hasRef() {
        return (state & UNREFERENCED) == 0;
    }

    private void change(int set, int clear) {
        int before = getAndUpdate(bits -> (bits | set) & ~clear);
        if (before != ((before | set) & ~clear)) {
            loop.onLoop(this::count);
        }
    }

    private void count() {
        int before = getAndUpdate(Immediate::counted);
        int change = (counted(before) & IDLE) - (before & IDLE);
        if (change != 0) {
            loop.nettyLoop().countIdleImmediates(change > 0 ? 1 : -1);
        }
    }

    private int getAndUpdate(IntUnaryOperator change) {
        int before;
        do {
            before = state;
        } while (!STATE.compareAndSet(this, before, change.applyAsInt(before)));
        return before;
    }

    private static int counted(int bits) {
        boolean idle = (bits & LEFT) == 0 && (bits & (DONE | UNREFERENCED)) != 0;
        return idle ? bits | IDLE : bits & ~IDLE;
    }
}
