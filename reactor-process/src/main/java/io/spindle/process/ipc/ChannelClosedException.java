// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.io.Serial;

/**
 * Signals that something was asked of a {@link Channel} that has ended, or ended before the answer came.
 *
 * @since 0.1.0
 */
public final class ChannelClosedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    ChannelClosedException(String message) {
        super(message, null, false, false); // may come in thousands when a peer dies
    }
}
