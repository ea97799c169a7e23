// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The reloads of a cluster, one at a time: of all places because somebody asked, or of one whose worker is due. What happens
 * to workers is passed on to the one that runs, if any. Loop only.
 */
final class Reloads {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final Reload.Crew crew;
    private final Counts counts;
    private final EventLoop loop;
    private final Runnable changed;
    private int generation;
    private @Nullable Reload running;
    private boolean recycling; // the one that runs is of one place

    /**
     * None runs yet.
     *
     * @param changed called when one has begun and when it has ended
     */
    Reloads(Reload.Crew crew, Counts counts, EventLoop loop, Runnable changed) {
        this.changed = changed;
        this.crew = crew;
        this.counts = counts;
        this.loop = loop;
    }

    /** How many have begun: the number of the workers that are forked from now on. */
    int generation() {
        return generation;
    }

    boolean isRunning() {
        return running != null;
    }

    boolean isRecycling() {
        return recycling;
    }

    /** Completes with the end of the one that runs, however it ends, or at once. */
    Mono<Void> idle() {
        return running == null ? Mono.empty() : running.done().onErrorComplete();
    }

    /** Replaces all workers, which is counted. Refused while one runs. */
    Mono<Void> replaceAll(List<Place> places, Duration watch) {
        if (running != null) {
            return Mono.error(new ClusterException("a reload is running already"));
        }
        log.info("all workers are being replaced");
        return counts.reload(begin(places, watch));
    }

    /** One place at a time, and not while all are replaced. Whoever is due still is at its next heartbeat. */
    void recycle(DefaultClusterWorker worker, String reason) {
        if (running != null || worker.place().isRetired()) {
            return;
        }
        log.info("[{}] is being recycled: {}", worker, reason);
        recycling = true;
        begin(List.of(worker.place()), Duration.ZERO)
                .subscribe(null, failed -> log.warn("{}", failed.getMessage()), counts::recycled);
    }

    private Mono<Void> begin(List<Place> places, Duration watch) {
        generation++;
        Reload started = new Reload(crew, generation, places, watch, loop);
        running = started;
        started.advance();
        changed.run();
        return started.done().doFinally(end -> {
            running = null;
            recycling = false;
            changed.run();
        });
    }

    /** Whether a second worker may come there. */
    boolean awaits(Place place) {
        return running != null && running.awaits(place);
    }

    void advance() {
        if (running != null) {
            running.advance();
        }
    }

    void notForked(Place place) {
        if (running != null) {
            running.notForked(place);
        }
    }

    void gone(DefaultClusterWorker worker) {
        if (running != null) {
            running.gone(worker);
        }
    }
}
