// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The places of the cluster, those that are retired included until they are vacant. Loop only. */
final class Places {

    private final RestartPolicy policy;
    private final RandomGenerator random = RandomGenerator.getDefault();
    private final List<Place> all = new CopyOnWriteArrayList<>(); // the oldest first

    Places(RestartPolicy policy) {
        this.policy = policy;
    }

    /** Where workers serve; any thread. */
    List<Place> serving() {
        return kept(false);
    }

    /** Where workers wait to be promoted. */
    List<Place> standbys() {
        return kept(true);
    }

    private List<Place> kept(boolean standby) {
        return all.stream()
                .filter(place -> !place.isRetired() && place.isStandby() == standby)
                .toList();
    }

    /** Both, those that serve first. */
    List<Place> kept() {
        return Stream.concat(serving().stream(), standbys().stream()).toList();
    }

    /** Adds as many as are missing; each takes the lowest slot that is free. */
    List<Place> growTo(int count) {
        return add(count - serving().size());
    }

    void addStandbys(int count) {
        add(count).forEach(place -> place.standby(true));
    }

    private List<Place> add(int missing) {
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
        List<Place> serving = serving();
        List<Place> leaving = serving.subList(Math.min(count, serving.size()), serving.size());
        leaving.forEach(Place::retire);
        return leaving;
    }

    void remove(Place place) {
        all.remove(place);
    }

    /** Nobody serves any more, and nobody will. */
    boolean areAllStandbys() {
        return all.stream().allMatch(Place::isStandby);
    }

    /** Of those that are to serve: one in standby that is sound would. */
    boolean areAllBroken() {
        List<Place> serving = serving();
        return !serving.isEmpty() && serving.stream().allMatch(Place::isBroken);
    }

    boolean isOneWaiting() {
        return all.stream().anyMatch(Place::isWaiting);
    }
}
