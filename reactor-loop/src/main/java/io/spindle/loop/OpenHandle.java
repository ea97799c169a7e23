// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** A handle that somebody else closes: one count on its loop while it is open and referenced. */
final class OpenHandle implements Handle {

    private static final AtomicIntegerFieldUpdater<OpenHandle> STATE =
            AtomicIntegerFieldUpdater.newUpdater(OpenHandle.class, "state");
    private static final int REFERENCED = 0;
    private static final int UNREFERENCED = 1;
    private static final int CLOSED = 2;

    private final DefaultEventLoop loop;
    private final String kind;
    private volatile int state = REFERENCED;

    OpenHandle(DefaultEventLoop loop, String kind) {
        this.loop = loop;
        this.kind = kind;
        loop.handleReferenced();
    }

    @Override
    public Handle ref() {
        if (STATE.compareAndSet(this, UNREFERENCED, REFERENCED)) {
            loop.handleReferenced();
        }
        return this;
    }

    @Override
    public Handle unref() {
        if (STATE.compareAndSet(this, REFERENCED, UNREFERENCED)) {
            loop.handleReleased();
        }
        return this;
    }

    @Override
    public boolean hasRef() {
        return state == REFERENCED;
    }

    @Override
    public void dispose() {
        if (STATE.getAndSet(this, CLOSED) == REFERENCED) {
            loop.handleReleased();
        }
    }

    @Override
    public boolean isDisposed() {
        return state == CLOSED;
    }

    @Override
    public String toString() {
        return kind;
    }
}
