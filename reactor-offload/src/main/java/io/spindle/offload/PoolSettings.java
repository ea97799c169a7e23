// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a pool is started with.
 *
 * @param minThreads so many are started at once and stay
 * @param graceNanos how long a task that is stopped has before its thread is interrupted
 * @param stuckNanos how long a task that was interrupted may still run before it is reported
 * @param priorities how many levels of priority its queue has
 * @param places where threads run their calls, by the thread's name; null for on the thread itself
 * @param retries how often a call may be run again after its place was lost under it
 */
record PoolSettings(
        String name,
        int minThreads,
        int maxThreads,
        int queueCapacity,
        long keepAliveNanos,
        OnFull onFull,
        long graceNanos,
        long stuckNanos,
        int priorities,
        @Nullable Function<? super String, ? extends WorkerPlace> places,
        int retries) {

    PoolSettings withPlaces(Function<? super String, ? extends WorkerPlace> others) {
        return new PoolSettings(
                name,
                minThreads,
                maxThreads,
                queueCapacity,
                keepAliveNanos,
                onFull,
                graceNanos,
                stuckNanos,
                priorities,
                others,
                retries);
    }

    PoolSettings withStuckNanos(long nanos) {
        return new PoolSettings(
                name,
                minThreads,
                maxThreads,
                queueCapacity,
                keepAliveNanos,
                onFull,
                graceNanos,
                nanos,
                priorities,
                places,
                retries);
    }

    PoolSettings withRetries(int number) {
        return new PoolSettings(
                name,
                minThreads,
                maxThreads,
                queueCapacity,
                keepAliveNanos,
                onFull,
                graceNanos,
                stuckNanos,
                priorities,
                places,
                number);
    }
}
