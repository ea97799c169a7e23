// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How a cluster is, as the control socket says it: the names are those of the JSON, see {@link ClusterMetrics} for what they
 * count.
 *
 * @param pid of the primary
 * @param state {@code running}, {@code reloading} or {@code stopping}
 * @param upMillis since the primary's start
 * @param listening addresses
 */
record AdminStatus(
        long pid,
        String state,
        long upMillis,
        int wanted,
        List<String> listening,
        long forks,
        long deaths,
        long recycled,
        long reloads,
        long failedReloads,
        long accepted,
        long requests,
        int connections,
        long residentBytes,
        List<Worker> workers) {

    /** One worker; its figures are those of its last heartbeat. */
    record Worker(
            int id,
            int slot,
            int generation,
            long pid,
            String state,
            long upMillis,
            long accepted,
            long requests,
            int connections,
            long residentBytes,
            long cpuMillis,
            long loopDelayMicros) {

        static Worker of(DefaultClusterWorker worker) {
            Control.Pulse pulse = worker.pulse();
            return new Worker(
                    worker.id(),
                    worker.slot(),
                    worker.generation(),
                    worker.pid(),
                    worker.state().name().toLowerCase(Locale.ROOT),
                    TimeUnit.NANOSECONDS.toMillis(worker.aliveNanos()),
                    pulse.accepted(),
                    pulse.requests(),
                    pulse.open(),
                    pulse.residentBytes(),
                    pulse.cpuMillis(),
                    pulse.delayMicros());
        }
    }

    static AdminStatus of(
            String state,
            long upNanos,
            ClusterMetrics metrics,
            List<String> listening,
            Collection<DefaultClusterWorker> workers) {
        return new AdminStatus(
                ProcessHandle.current().pid(),
                state,
                TimeUnit.NANOSECONDS.toMillis(upNanos),
                metrics.wanted(),
                listening,
                metrics.forks(),
                metrics.deaths(),
                metrics.recycled(),
                metrics.reloads(),
                metrics.failedReloads(),
                metrics.accepted(),
                metrics.requests(),
                metrics.connections(),
                metrics.residentBytes(),
                workers.stream().map(Worker::of).toList());
    }
}
