// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who waits to be promoted, see {@link PrimarySpec#standby(int)}. A worker that takes over stays in its place, so its number
 * stays true; the places change their parts. Loop only.
 *
 * <pre>
 *   place 0 serves, place 1 stands by   the worker in 0 dies   place 1 serves, place 0 stands by and gets a new worker
 * </pre>
 */
final class Standbys {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final Places places;
    private final Reload.Crew crew;
    private final Consumer<DefaultClusterWorker> serves;

    /**
     * There are none yet.
     *
     * @param serves called with a worker that is promoted
     */
    Standbys(Places places, Reload.Crew crew, Consumer<DefaultClusterWorker> serves) {
        this.places = places;
        this.crew = crew;
        this.serves = serves;
    }

    /** A place that serves has no worker: one that is warm does it, if there is one. */
    void takeOver(Place vacant) {
        places.standbys().stream()
                .flatMap(place -> crew.at(place).stream())
                .filter(DefaultClusterWorker::isWarm)
                .findFirst()
                .ifPresent(worker -> promote(worker, vacant));
    }

    private void promote(DefaultClusterWorker worker, Place vacant) {
        Place place = worker.place();
        log.info("[{}] is promoted: place {} serves for place {}", worker, place.slot(), vacant.slot());
        place.standby(false);
        vacant.standby(true);
        serves.accept(worker);
    }

    /** One more is warm: there may be a place that has waited for it. */
    void warm() {
        places.serving().stream().filter(Place::isWaiting).findFirst().ifPresent(this::takeOver);
    }

    /** Starts what is missing, unless a worker that is to serve is on its way: it needs the processors more. */
    void fill() {
        List<Place> serving = places.serving();
        if (serving.isEmpty() || !serving.stream().allMatch(this::isSettled)) {
            return;
        }
        for (Place place : places.standbys()) {
            if (!place.isForking() && !place.isWaiting() && crew.at(place).isEmpty()) {
                crew.fork(place);
            }
        }
    }

    private boolean isSettled(Place place) {
        return !place.isForking() && crew.at(place).stream().noneMatch(DefaultClusterWorker::isStarting);
    }
}
