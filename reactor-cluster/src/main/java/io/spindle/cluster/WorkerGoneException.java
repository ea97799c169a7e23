// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.io.Serial;

/**
 * Signals that a worker has ended before it could take what it was sent.
 *
 * @since 0.1.0
 */
public final class WorkerGoneException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final int id;

    WorkerGoneException(int id) {
        super("worker " + id + " has ended", null, false, false);
        this.id = id;
    }

    /** Returns the number of the worker. */
    public int id() {
        return id;
    }
}
