// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import reactor.core.publisher.Mono;

/** What a primary counts. Written on its loop, read everywhere; a snapshot never counts less than the one before. */
final class Counts {

    private final Object monitor = new Object();

    // Under the monitor.
    private final Set<DefaultClusterWorker> alive = new LinkedHashSet<>();
    private long forks;
    private long deaths;
    private long recycled;
    private long reloads;
    private long failedReloads;
    private Duration reloadTime = Duration.ZERO;
    private long accepted; // by those that have ended
    private long requests;

    void forked(DefaultClusterWorker worker) {
        synchronized (monitor) {
            forks++;
            alive.add(worker);
        }
    }

    /** In one step: else what it did would be missing in between. */
    void gone(DefaultClusterWorker worker) {
        synchronized (monitor) {
            alive.remove(worker);
            accepted += worker.pulse().accepted();
            requests += worker.pulse().requests();
            deaths += worker.isWanted() ? 1 : 0;
        }
    }

    void recycled() {
        synchronized (monitor) {
            recycled++;
        }
    }

    /** Counts a reload that begins now. */
    Mono<Void> reload(Mono<Void> reload) {
        long start = System.nanoTime();
        return reload.doOnSuccess(done -> {
                    synchronized (monitor) {
                        reloads++;
                        reloadTime = reloadTime.plusNanos(System.nanoTime() - start);
                    }
                })
                .doOnError(failed -> {
                    synchronized (monitor) {
                        failedReloads++;
                    }
                });
    }

    ClusterMetrics snapshot(int wanted) {
        synchronized (monitor) {
            Map<WorkerState, Integer> states = new EnumMap<>(WorkerState.class);
            for (WorkerState state : WorkerState.values()) {
                if (state != WorkerState.DEAD) {
                    states.put(state, 0);
                }
            }
            alive.forEach(worker -> states.computeIfPresent(worker.state(), (state, count) -> count + 1));
            Control.Pulse sum = alive.stream().map(DefaultClusterWorker::pulse).reduce(Control.Pulse.NONE, Counts::sum);
            return new ClusterMetrics(
                    wanted,
                    states,
                    forks,
                    deaths,
                    recycled,
                    reloads,
                    failedReloads,
                    reloadTime,
                    accepted + sum.accepted(),
                    requests + sum.requests(),
                    sum.open(),
                    sum.residentBytes());
        }
    }

    private static Control.Pulse sum(Control.Pulse one, Control.Pulse other) {
        return new Control.Pulse(
                one.residentBytes() + other.residentBytes(),
                one.accepted() + other.accepted(),
                one.open() + other.open(),
                one.requests() + other.requests(),
                one.cpuMillis() + other.cpuMillis(),
                Math.max(one.delayMicros(), other.delayMicros()));
    }
}
