// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

/**
 * A message could not be sent, or a request was not answered: the port was closed, or the worker on the other side has
 * ended.
 *
 * @since 0.1.0
 */
public final class PortClosedException extends IllegalStateException {

    PortClosedException(String port) {
        this(port, "the message was not sent");
    }

    PortClosedException(String port, String consequence) {
        super(port + " is closed: " + consequence);
    }
}
