// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/** A handle that somebody else closes: one count on its loop while it is open and referenced. */
final class OpenHandle implements Handle {

    private static final AtomicIntegerFieldUpdater<OpenHandle> STATE =
            AtomicIntegerFieldUpdater.newUpdater(OpenHandle.class, "state");
    private static final int REFERENCED = 0;
    private static final int UNREFERENCED = 1;
    private static final int CLOSED = 2;

    private final DefaultEventLoop loop;
    private final String kind;
    private final @Nullable Runnable onClose;
    private volatile int state = REFERENCED;

    OpenHandle(DefaultEventLoop loop, String kind, @Nullable Runnable onClose) {
        this.loop = loop;
        this.kind = kind;
        this.onClose = onClose;
    }

    String kind() {
        return kind;
    }

    @Override
    public Handle ref() {
        if (state == UNREFERENCED) {
            loop.referenced(this); // first: who closes it in between must not count one that is not counted yet
            if (!STATE.compareAndSet(this, UNREFERENCED, REFERENCED)) {
                loop.released(this);
            }
        }
        return this;
    }

    @Override
    public Handle unref() {
        if (STATE.compareAndSet(this, REFERENCED, UNREFERENCED)) {
            loop.released(this);
        }
        return this;
    }

    @Override
    public boolean hasRef() {
        return state == REFERENCED;
    }

    /** Closes it as if it had never been open: its close callback does not run. */
    void refuse() {
        if (STATE.getAndSet(this, CLOSED) == REFERENCED) {
            loop.released(this);
        }
    }

    @Override
    public void dispose() {
        int before = STATE.getAndSet(this, CLOSED);
        if (before == CLOSED) {
            return;
        }
        if (onClose != null) {
            loop.onLoop(() -> loop.nettyLoop().addClosing(onClose)); // first, so that there is no idle moment
        }
        if (before == REFERENCED) {
            loop.released(this);
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
