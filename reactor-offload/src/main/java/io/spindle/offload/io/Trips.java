// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The turns of something that one trip to the pool after the other uses, and that is closed once but never under a trip:
 * by the last of them, by the one that was under way at a cancel, or by who cancelled.
 */
final class Trips {

    private static final int IDLE = 0;
    private static final int BUSY = 1;
    private static final int CLOSING = 2; // busy, and to be closed when it is not any more
    private static final int CLOSED = 3;

    private final AtomicInteger state = new AtomicInteger(IDLE);

    /** False if it is closed, or about to be. */
    boolean begin() {
        return state.compareAndSet(IDLE, BUSY);
    }

    /** Returns whether the trip that ends here has to close. */
    boolean endAndClose(boolean last) {
        if (!last && state.compareAndSet(BUSY, IDLE)) {
            return false;
        }
        state.set(CLOSED);
        return true;
    }

    /** Returns whether the caller has to close; if not, the trip that is under way does, or it was done. */
    boolean close() {
        return !state.compareAndSet(BUSY, CLOSING) && state.compareAndSet(IDLE, CLOSED);
    }
}
