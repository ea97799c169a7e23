// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Duration;
import java.util.Map;

/**
 * What a cluster has done and what it is, at one moment. A snapshot, immutable; what counts up starts with the primary.
 * Connections, requests and memory are what the workers said with their last heartbeats, summed, see
 * {@link PrimarySpec#heartbeat}: what a worker did between its last heartbeat and its end is not in it.
 *
 * @param wanted how many workers there are to be, see {@link Primary#wanted()}
 * @param workers how many there are in each state; all states but {@link WorkerState#DEAD}
 * @param forks processes started
 * @param deaths workers that ended unasked
 * @param recycled workers replaced by {@link PrimarySpec#recycling}
 * @param reloads reloads that succeeded
 * @param failedReloads reloads that failed
 * @param reloadTime how long the reloads took that succeeded, in all
 * @param accepted connections accepted by workers, those that have ended included
 * @param requests requests of the same workers, as far as they are counted, see {@link WorkerContext#requestCounter()}
 * @param connections connections open now
 * @param residentBytes memory of all workers as the system counts it; pages they share count for each
 * @since 0.1.0
 */
public record ClusterMetrics(
        int wanted,
        Map<WorkerState, Integer> workers,
        long forks,
        long deaths,
        long recycled,
        long reloads,
        long failedReloads,
        Duration reloadTime,
        long accepted,
        long requests,
        int connections,
        long residentBytes) {

    /** Copies what may change. */
    public ClusterMetrics {
        workers = Map.copyOf(workers);
    }
}
