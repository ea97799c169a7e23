// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** The places of the cluster, those that are retired included until they are vacant. Loop only. */
final class Places {

    private final RestartPolicy policy;
    private final RandomGenerator random = RandomGenerator.getDefault();
    private final List<Place> all = new CopyOnWriteArrayList<>(); // the oldest first

    Places(RestartPolicy policy) {
        this.policy = policy;
    }

    /** Any thread. */
    List<Place> kept() {
        return all.stream().filter(place -> !place.isRetired()).toList();
    }

    /** Adds as many as are missing; each takes the lowest slot that is free. */
    List<Place> growTo(int count) {
        int missing = count - kept().size();
        List<Place> added = new ArrayList<>();
        for (int i = 0; i < missing; i++) {
            Place place = new Place(freeSlot(), policy, random);
            all.add(place);
            added.add(place);
        }
        return added;
    }

    private int freeSlot() {
        return IntStream.iterate(0, slot -> slot + 1)
                .filter(slot -> all.stream().noneMatch(place -> place.slot() == slot))
                .findFirst()
                .orElseThrow();
    }

    /** Retires as many as are too many, the youngest first. */
    List<Place> shrinkTo(int count) {
        List<Place> kept = kept();
        List<Place> leaving = kept.subList(Math.min(count, kept.size()), kept.size());
        leaving.forEach(Place::retire);
        return leaving;
    }

    void remove(Place place) {
        all.remove(place);
    }

    boolean areAllBroken() {
        return kept().stream().allMatch(Place::isBroken);
    }

    boolean isOneWaiting() {
        return all.stream().anyMatch(Place::isWaiting);
    }
}
