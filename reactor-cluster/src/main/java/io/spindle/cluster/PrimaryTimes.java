// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Duration;

/** Limits that nobody needs to set. */
final class PrimaryTimes {

    /** From the end of a drain to the end of the process: shutdown hooks. */
    static final Duration EXIT = Duration.ofSeconds(3);

    /** How long a worker that hangs may take to print its threads. */
    static final Duration DUMP = Duration.ofSeconds(1);

    /** From the end of a process to the end of its channel. */
    static final Duration LAST_WORDS = Duration.ofSeconds(1);

    /** How long the shutdown of the primary's JVM waits for the end of its workers. */
    static final Duration SHUTDOWN = Duration.ofSeconds(5);

    /** Only the cluster's own code runs on its loop; a second there is not a user's mistake but a starved machine. */
    static final Duration SLOW = Duration.ofSeconds(1);

    /** How long nothing is accepted after an accept has failed. */
    static final Duration REST = Duration.ofSeconds(1);

    /** How long a worker may take to say how it is when somebody looks. */
    static final Duration GLANCE = Duration.ofMillis(500);

    /** How long a worker may take to read its meters, some of which may ask a database. */
    static final Duration METERS = Duration.ofSeconds(2);

    private PrimaryTimes() {}
}
