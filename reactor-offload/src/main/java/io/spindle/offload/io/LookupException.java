// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.UncheckedIOException;
import java.net.UnknownHostException;

/**
 * No address was found for a host: there is none, or the name server did not answer. The cause says what the system
 * said. Node analogue: {@code getaddrinfo ENOTFOUND}.
 *
 * @since 0.1.0
 */
public final class LookupException extends UncheckedIOException {

    private final String host;

    LookupException(String host, UnknownHostException cause) {
        super("no address found for host '" + host + "': check the name and the name server", cause);
        this.host = host;
    }

    /** Returns the name that was looked up. */
    public String host() {
        return host;
    }
}
