// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Replaces the workers of some places by new ones, as one transaction. The old ones stay until its end. Loop only.
 *
 * <pre>
 *   place after place: new worker forked → ready, or standby → old one paused
 *   all are: watch → old ones drain → done
 *   a new one fails before that: old ones accept again, new ones drain → error
 * </pre>
 */
final class Reload {

    /** What it asks of the primary. */
    interface Crew {

        /** The workers of a place that have not ended. */
        List<DefaultClusterWorker> at(Place place);

        /** Starts one more worker there, of the current generation. */
        void fork(Place place);

        /** Holds a worker's servers, or lets them accept again. */
        void pause(DefaultClusterWorker worker, boolean paused);
    }

    private final Crew crew;
    private final int generation;
    private final List<Place> places;
    private final Deque<Place> todo;
    private final Duration watch;
    private final EventLoop loop;
    private final Disposable.Swap timer = Disposables.swap();
    private final Sinks.Empty<Void> done = Sinks.empty();
    private boolean watching;
    private boolean decided;

    Reload(Crew crew, int generation, List<Place> places, Duration watch, EventLoop loop) {
        this.crew = crew;
        this.generation = generation;
        this.places = places;
        this.todo = new ArrayDeque<>(places);
        this.watch = watch;
        this.loop = loop;
    }

    Mono<Void> done() {
        return done.asMono();
    }

    /** Whether a second worker may come there. */
    boolean awaits(Place place) {
        return !decided && places.contains(place);
    }

    /** Does what can be done now; called whenever a worker has been forked, is ready or has left. */
    void advance() {
        while (!decided && !todo.isEmpty()) {
            Place place = todo.peek();
            DefaultClusterWorker fresh = fresh(place);
            if (fresh != null && fresh.isUp()) {
                old(place).forEach(worker -> crew.pause(worker, true));
                todo.remove();
            } else if (place.isRetired()) {
                todo.remove();
            } else {
                if (fresh == null && !place.isForking()) {
                    crew.fork(place);
                }
                return;
            }
        }
        if (!decided && !watching) {
            watching = true;
            timer.update(Mono.delay(watch, loop).subscribe(now -> commit()));
        }
    }

    private @Nullable DefaultClusterWorker fresh(Place place) {
        return crew.at(place).stream()
                .filter(worker -> worker.generation() == generation)
                .findFirst()
                .orElse(null);
    }

    private List<DefaultClusterWorker> old(Place place) {
        return crew.at(place).stream()
                .filter(worker -> worker.generation() != generation)
                .toList();
    }

    void notForked(Place place) {
        if (places.contains(place)) {
            fail(place.lastEnd());
        }
    }

    void gone(DefaultClusterWorker worker) {
        boolean ours = worker.generation() == generation && places.contains(worker.place());
        if (ours && worker.isWanted()) {
            fail(worker.place().lastEnd() + (worker.complaint().isEmpty() ? "" : ": " + worker.complaint()));
        } else {
            advance(); // it may have left a place that we wait for
        }
    }

    private void commit() {
        decided = true;
        List<DefaultClusterWorker> leaving = new ArrayList<>();
        for (Place place : places) {
            leaving.addAll(place.isRetired() ? crew.at(place) : old(place));
        }
        leave(leaving).subscribe(null, null, done::tryEmitEmpty);
    }

    private void fail(String reason) {
        if (decided) {
            return;
        }
        decided = true;
        timer.dispose();
        List<DefaultClusterWorker> leaving = new ArrayList<>();
        for (Place place : places) {
            List<DefaultClusterWorker> stays = old(place);
            stays.forEach(worker -> crew.pause(worker, false));
            DefaultClusterWorker fresh = fresh(place);
            if (fresh != null && !stays.isEmpty()) { // better a new one than none
                leaving.add(fresh);
            }
        }
        leave(leaving)
                .subscribe(
                        null,
                        null,
                        () -> done.tryEmitError(
                                new ClusterException("the reload failed, the old workers serve on: " + reason)));
    }

    private static Mono<Void> leave(List<DefaultClusterWorker> leaving) {
        leaving.forEach(worker -> worker.drain(DrainTimes.IDLE));
        return Mono.when(leaving.stream().map(DefaultClusterWorker::exited).toList());
    }
}
