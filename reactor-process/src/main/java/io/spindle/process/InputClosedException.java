// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/**
 * Signals that something was to be written to a child that reads no more, or whose input has ended.
 *
 * @since 0.1.0
 */
public final class InputClosedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    InputClosedException(String message) {
        super(message, null, false, false); // may come in thousands when a child ends
    }
}
