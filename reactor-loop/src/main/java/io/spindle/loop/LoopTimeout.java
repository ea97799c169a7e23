// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

/** One {@code setTimeout} or {@code setInterval}. */
final class LoopTimeout extends TimerEntry implements Timeout {

    private final DefaultEventLoop loop;
    private final Runnable task;
    private final long nanos;
    private final boolean repeats;
    private volatile boolean cleared;
    private volatile boolean fired;
    private volatile boolean wantsReference = true;

    LoopTimeout(DefaultEventLoop loop, Runnable task, long nanos, boolean repeats) {
        this.loop = loop;
        this.task = task;
        this.nanos = nanos;
        this.repeats = repeats;
    }

    // loop only
    void arm(long startNanos) {
        if (!cleared && !(repeats && loop.isDisposing())) {
            timers().unlink(this);
            timers().link(this, nanos, startNanos);
            fired = false;
        }
    }

    @Override
    public void run() {
        if (!repeats) {
            fired = true;
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
        wantsReference = reference;
        loop.onLoop(() -> timers().reference(this, wantsReference));
        return this;
    }

    @Override
    public boolean hasRef() {
        return wantsReference;
    }

    @Override
    public void dispose() {
        if (!cleared) {
            cleared = true;
            loop.onLoop(() -> timers().unlink(this));
        }
    }

    @Override
    public boolean isDisposed() {
        return cleared || fired || loop.isDisposed();
    }

    private TimerLists timers() {
        return loop.nettyLoop().timers();
    }
}
