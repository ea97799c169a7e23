// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Duration;

/**
 * When workers that are well are replaced all the same: against what leaks slowly. A worker that is due gets a successor
 * first, as in {@link Primary#reload()}, and one place is recycled at a time, so that none is ever missing. Workers are
 * looked at with each heartbeat, see {@link PrimarySpec#heartbeat}.
 *
 * @param maxAge not negative; zero for no limit. Default: zero
 * @param maxResidentBytes memory of the process as the system counts it; not negative, zero for no limit. Default: zero
 * @param maxConnections how many it may accept; not negative, zero for no limit. Default: zero
 * @param maxRequests how many requests it may get, as counted by {@link WorkerContext#requestCounter()}; not negative, zero
 *     for no limit. Default: zero
 * @param jitter 0 to 1: each worker's own limits of age, connections and requests are lower by up to this part, so that workers that
 *     were started together do not end together. Default: 0.2
 * @since 0.1.0
 */
public record Recycling(Duration maxAge, long maxResidentBytes, long maxConnections, long maxRequests, double jitter) {

    /** Checks the bounds of each part. */
    public Recycling {
        check(!maxAge.isNegative(), "maxAge must not be negative, was ", maxAge);
        check(maxResidentBytes >= 0, "maxResidentBytes must not be negative, was ", maxResidentBytes);
        check(maxConnections >= 0, "maxConnections must not be negative, was ", maxConnections);
        check(maxRequests >= 0, "maxRequests must not be negative, was ", maxRequests);
        check(jitter >= 0 && jitter <= 1, "jitter must be from 0 to 1, was ", jitter);
    }

    private static void check(boolean holds, String rule, Object value) {
        if (!holds) {
            throw new IllegalArgumentException(rule + value);
        }
    }

    /** Returns the default: never. */
    public static Recycling none() {
        return new Recycling(Duration.ZERO, 0, 0, 0, 0.2);
    }

    /** Returns the same with another {@link #maxAge()}. */
    public Recycling maxAge(Duration maxAge) {
        return new Recycling(maxAge, maxResidentBytes, maxConnections, maxRequests, jitter);
    }

    /** Returns the same with another {@link #maxResidentBytes()}. */
    public Recycling maxResidentBytes(long maxResidentBytes) {
        return new Recycling(maxAge, maxResidentBytes, maxConnections, maxRequests, jitter);
    }

    /** Returns the same with another {@link #maxConnections()}. */
    public Recycling maxConnections(long maxConnections) {
        return new Recycling(maxAge, maxResidentBytes, maxConnections, maxRequests, jitter);
    }

    /** Returns the same with another {@link #maxRequests()}. */
    public Recycling maxRequests(long maxRequests) {
        return new Recycling(maxAge, maxResidentBytes, maxConnections, maxRequests, jitter);
    }

    /** Returns the same with another {@link #jitter()}. */
    public Recycling jitter(double jitter) {
        return new Recycling(maxAge, maxResidentBytes, maxConnections, maxRequests, jitter);
    }

    /**
     * Returns why a worker is due, or an empty text.
     *
     * @param dice 0 to 1, drawn once for each worker
     */
    String due(long aliveNanos, Control.Pulse pulse, double dice) {
        double part = 1 - jitter * dice;
        if (!maxAge.isZero() && aliveNanos >= maxAge.toNanos() * part) {
            return "it is " + Duration.ofNanos(aliveNanos).toSeconds() + " s old";
        }
        if (maxResidentBytes > 0 && pulse.residentBytes() >= maxResidentBytes) {
            return "it has " + pulse.residentBytes() + " bytes of memory";
        }
        if (maxConnections > 0 && pulse.accepted() >= maxConnections * part) {
            return "it has accepted " + pulse.accepted() + " connections";
        }
        if (maxRequests > 0 && pulse.requests() >= maxRequests * part) {
            return "it has had " + pulse.requests() + " requests";
        }
        return "";
    }
}
