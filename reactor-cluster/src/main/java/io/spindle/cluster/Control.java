// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

/** What primary and worker ask each other: requests on their channel, beside the messages of the user. */
final class Control {

    /** Worker: give me the socket that listens there. Answered by {@link Listener} with the descriptor. */
    static final String LISTEN = "spindle.listen";

    /** Worker: a server of mine is bound. */
    static final String LISTENING = "spindle.listening";

    /** Worker: I serve. */
    static final String READY = "spindle.ready";

    /** Worker: my program has failed, I shall exit. */
    static final String FAILED = "spindle.failed";

    /** Worker: I am leaving by my own will, do not replace me. */
    static final String LEAVING = "spindle.leaving";

    /** Primary: drain and exit. */
    static final String DRAIN = "spindle.drain";

    /** Primary: accept nothing (true), or accept again (false). */
    static final String PAUSE = "spindle.pause";

    private static final String OURS = "spindle.";

    private Control() {}

    /** The subjects of users must not be ours. */
    static void checkFree(String subject) {
        if (subject.startsWith(OURS)) {
            throw new IllegalArgumentException("subject must not begin with " + OURS + ", was " + subject);
        }
    }

    /**
     * Which socket: workers that ask for the same get the same.
     *
     * @param host a numeric address
     * @param port 0 for any
     * @param index which call with port 0 this is, else 0
     * @param backlog of the first who asks
     */
    record Listen(String host, int port, int index, int backlog) {

        Listen key() {
            return new Listen(host, port, index, 0);
        }
    }

    /**
     * The answer.
     *
     * @param host where it listens, or what was asked for
     * @param port the real port
     * @param error why not, or empty
     */
    record Listener(String host, int port, String error) {}

    /**
     * Why a worker's program failed.
     *
     * @param reason one line
     * @param bind whether it could not bind
     */
    record Failure(String reason, boolean bind) {}

    /**
     * How long a drain may take.
     *
     * @param graceMillis not negative
     * @param idleMillis how long a connection that waits for its next request may stay
     */
    record Drain(long graceMillis, long idleMillis) {}
}
