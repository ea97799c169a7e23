// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * When a worker that has died is replaced, and when the cluster gives up.
 *
 * <p>A worker that ends sooner than {@code stableAfter} is a failed start. The first replacement after a stable life
 * starts at once; after n failed starts in a row of one place in the cluster the next waits
 * {@code firstDelay × factor^(n-1)}, at most {@code maxDelay}, changed at random by up to {@code jitter} of itself so
 * that places do not beat in time. After {@code maxFailedStarts} in a row the place is broken: it is tried again each
 * {@code maxDelay} as long as some other place is sound; when all places are broken the cluster ends with a
 * {@link ClusterException}.
 *
 * @param firstDelay not negative. Default: 100 ms
 * @param maxDelay not less than {@code firstDelay}. Default: 30 s
 * @param factor at least 1. Default: 2
 * @param jitter 0 to 1. Default: 0.2
 * @param stableAfter not negative. Default: 10 s
 * @param maxFailedStarts at least 1. Default: 8
 * @since 0.1.0
 */
public record RestartPolicy(
        Duration firstDelay,
        Duration maxDelay,
        double factor,
        double jitter,
        Duration stableAfter,
        int maxFailedStarts) {

    /** Checks the bounds of each part. */
    public RestartPolicy {
        check(!firstDelay.isNegative(), "firstDelay must not be negative, was ", firstDelay);
        check(maxDelay.compareTo(firstDelay) >= 0, "maxDelay must not be less than firstDelay, was ", maxDelay);
        check(factor >= 1 && Double.isFinite(factor), "factor must be at least 1, was ", factor);
        check(jitter >= 0 && jitter <= 1, "jitter must be from 0 to 1, was ", jitter);
        check(!stableAfter.isNegative(), "stableAfter must not be negative, was ", stableAfter);
        check(maxFailedStarts >= 1, "maxFailedStarts must be at least 1, was ", maxFailedStarts);
    }

    private static void check(boolean holds, String rule, Object value) {
        if (!holds) {
            throw new IllegalArgumentException(rule + value);
        }
    }

    /** Returns the defaults. */
    public static RestartPolicy defaults() {
        return new RestartPolicy(Duration.ofMillis(100), Duration.ofSeconds(30), 2, 0.2, Duration.ofSeconds(10), 8);
    }

    /**
     * Returns the defaults with other delays.
     *
     * @param firstDelay not negative
     * @param maxDelay not less than {@code firstDelay}
     */
    public static RestartPolicy exponential(Duration firstDelay, Duration maxDelay) {
        RestartPolicy defaults = defaults();
        return new RestartPolicy(
                firstDelay, maxDelay, defaults.factor, defaults.jitter, defaults.stableAfter, defaults.maxFailedStarts);
    }

    /**
     * Returns this policy with another limit.
     *
     * @param maxFailedStarts at least 1
     */
    public RestartPolicy maxFailedStarts(int maxFailedStarts) {
        return new RestartPolicy(firstDelay, maxDelay, factor, jitter, stableAfter, maxFailedStarts);
    }

    /**
     * Returns this policy with another time after which a worker counts as sound.
     *
     * @param stableAfter not negative
     */
    public RestartPolicy stableAfter(Duration stableAfter) {
        return new RestartPolicy(firstDelay, maxDelay, factor, jitter, stableAfter, maxFailedStarts);
    }

    /** Whether a place with so many failed starts in a row is broken. */
    boolean isBroken(int failedStarts) {
        return failedStarts >= maxFailedStarts;
    }

    Duration delay(int failedStarts, RandomGenerator random) {
        if (failedStarts == 0) {
            return Duration.ZERO;
        }
        double grown = isBroken(failedStarts)
                ? maxDelay.toNanos()
                : Math.min((double) maxDelay.toNanos(), firstDelay.toNanos() * Math.pow(factor, failedStarts - 1.0));
        double spread = jitter * (2 * random.nextDouble() - 1);
        return Duration.ofNanos((long) (grown * (1 + spread)));
    }
}
