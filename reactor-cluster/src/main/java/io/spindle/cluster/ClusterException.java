// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Signals that the cluster has ended because it could not do its work: a port in use at its first start, or workers
 * that end again and again. Its message is one line that says what to do.
 *
 * @since 0.1.0
 */
public final class ClusterException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private static final int EXIT_CODE = 1;

    ClusterException(String message) {
        this(message, null);
    }

    ClusterException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** Returns the code that the program should exit with; not 0. */
    public int exitCode() {
        return EXIT_CODE;
    }
}
