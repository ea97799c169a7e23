// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.List;

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

    /** Worker: I am leaving by my own will, do not replace me. On the channel of a server: hand over nothing more. */
    static final String LEAVING = "spindle.leaving";

    /** Primary: drain and exit. */
    static final String DRAIN = "spindle.drain";

    /** Primary: accept nothing (true), or accept again (false). */
    static final String PAUSE = "spindle.pause";

    /** Primary: do your loops turn? Answered by {@link Pulse} when they have. */
    static final String PING = "spindle.ping";

    /** Primary: what do your meters say? Worker, before it leaves: my meters say this. */
    static final String METERS = "spindle.meters";

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
     * @param host a numeric address, or the absolute path of a Unix-domain socket
     * @param port 0 for any, or {@link ListenAddress#NO_PORT}
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
     * @param host where it listens, or what was asked for; as in {@link Listen}
     * @param port the real port, or {@link ListenAddress#NO_PORT}
     * @param error why not, or empty
     * @param mode how the worker comes to its connections: by the descriptor that comes along, by the channel that it is
     *     invited to, or by a socket of its own
     * @param invitation to that channel, or empty
     */
    record Listener(String host, int port, String error, Listening.Mode mode, String invitation) {

        Listener invite(String text) {
            return new Listener(host, port, error, mode, text);
        }
    }

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

    /**
     * What a worker has read of its meters.
     *
     * @param number counts the readings of this worker: of two the one with the larger number is newer
     */
    record Meters(long number, List<ClusterMeter> meters) {

        static final Meters NONE = new Meters(0, List.of());
    }

    /**
     * How a worker is.
     *
     * @param residentBytes memory of the process, 0 if unknown
     * @param accepted connections since its start
     * @param open connections now
     * @param requests since its start, as far as they are counted
     * @param cpuMillis processor time since its start, 0 if unknown
     * @param delayMicros how long a task waited just now on the slowest of its server loops
     */
    record Pulse(long residentBytes, long accepted, int open, long requests, long cpuMillis, long delayMicros) {

        static final Pulse NONE = new Pulse(0, 0, 0, 0, 0, 0);
    }
}
