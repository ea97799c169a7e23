// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.io.Serial;

/**
 * Signals that the peer could not answer a request: its handler failed, or it has none for the subject.
 *
 * @since 0.1.0
 */
public final class RequestFailedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String subject;

    RequestFailedException(String subject, String reason) {
        super("request " + subject + " failed at the peer: " + reason);
        this.subject = subject;
    }

    /** Returns the subject of the request. */
    public String subject() {
        return subject;
    }
}
