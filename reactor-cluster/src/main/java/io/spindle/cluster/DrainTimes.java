// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Duration;

/** How a drain passes the time. */
final class DrainTimes {

    /** Between two looks at the connections. */
    static final Duration LOOK = Duration.ofMillis(100);

    /** How long a connection may wait for its next request while other workers serve on. */
    static final Duration IDLE = Duration.ofSeconds(3);

    /** The same when the whole cluster ends: a client that comes back finds nobody in any case. */
    static final Duration IDLE_AT_THE_END = Duration.ofMillis(200);

    /** From the first GOAWAY of HTTP/2 to the second, at least the way to the client and back. */
    static final Duration GOAWAY = Duration.ofSeconds(1);

    /** How long the primary may take to say that nothing is on its way. */
    static final Duration LEAVE = Duration.ofSeconds(2);

    private DrainTimes() {}

    /** How many looks take so long, at least one. */
    static int looks(Duration time) {
        return (int) Math.max(1, time.dividedBy(LOOK));
    }
}
