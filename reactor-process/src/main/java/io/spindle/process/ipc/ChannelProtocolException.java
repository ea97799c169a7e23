// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.io.Serial;

/**
 * Signals that the peer sent what no peer may send: a frame that is too long, cut off, of an unknown kind or out of
 * turn. The channel is closed; others are not affected.
 *
 * @since 0.1.0
 */
public final class ChannelProtocolException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    ChannelProtocolException(String message) {
        super(message);
    }
}
