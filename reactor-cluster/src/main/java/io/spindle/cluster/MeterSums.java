// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds up the meters of workers, and keeps what those that have ended had counted: a sum never falls because a worker ends.
 * Loop only.
 */
final class MeterSums {

    private record Key(String name, Map<String, String> tags, ClusterMeter.Kind kind) {

        static Key of(ClusterMeter meter) {
            return new Key(meter.name(), meter.tags(), meter.kind());
        }
    }

    private static final Comparator<ClusterMeter> ORDER = Comparator.comparing(ClusterMeter::name)
            .thenComparing(meter -> meter.tags().toString());

    /** As many are kept of those that have ended: tags that are others in each generation, such as a process id, would fill it. */
    private static final int MAX_KEPT = 10_000;

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final Map<Key, ClusterMeter> ended = new HashMap<>();
    private boolean isFull;

    /** The worker of a place has ended; these were its last words. */
    void retire(List<ClusterMeter> meters, int slot) {
        for (ClusterMeter meter : meters) {
            if (meter.kind().isCumulative()) {
                ClusterMeter kept = ofAll(meter, slot);
                Map<String, Double> figures = new HashMap<>(kept.figures());
                figures.remove(ClusterMeter.MAX); // of a while that is over
                keep(kept.with(figures, kept.buckets()));
            }
        }
    }

    private void keep(ClusterMeter meter) {
        if (ended.size() < MAX_KEPT || ended.containsKey(Key.of(meter))) {
            add(ended, meter);
        } else if (!isFull) {
            isFull = true;
            log.warn(
                    "workers that have ended leave more than {} meters behind, the sums of others will fall: "
                            + "has each worker tags of its own, as in {}?",
                    MAX_KEPT,
                    meter);
        }
    }

    /** Meters of workers that are alive, the older first: where two have one place, the younger one's gauges are shown. */
    record Living(int slot, List<ClusterMeter> meters) {}

    List<ClusterMeter> sum(List<Living> workers) {
        Map<Key, ClusterMeter> sums = new LinkedHashMap<>(ended);
        for (Living worker : workers) {
            for (ClusterMeter meter : worker.meters()) {
                if (meter.kind().isAddedUp()) {
                    add(sums, ofAll(meter, worker.slot()));
                } else {
                    ClusterMeter shown = ofPlace(meter, worker.slot());
                    sums.put(Key.of(shown), shown);
                }
            }
        }
        return sums.values().stream().sorted(ORDER).toList();
    }

    private static ClusterMeter ofAll(ClusterMeter meter, int slot) {
        if (!meter.tags().containsKey(ClusterMeter.WORKER)) {
            return meter;
        }
        Map<String, String> tags = ownTags(meter, slot);
        tags.remove(ClusterMeter.WORKER);
        return meter.with(tags);
    }

    private static ClusterMeter ofPlace(ClusterMeter meter, int slot) {
        return meter.with(ownTags(meter, slot));
    }

    /** With the place, and with a tag of the same name that meant something else by the name that Prometheus would give it. */
    private static Map<String, String> ownTags(ClusterMeter meter, int slot) {
        Map<String, String> tags = new HashMap<>(meter.tags());
        String place = Integer.toString(slot);
        String before = tags.put(ClusterMeter.WORKER, place);
        if (before != null && !before.equals(place)) {
            tags.put("exported_" + ClusterMeter.WORKER, before);
        }
        return tags;
    }

    private static void add(Map<Key, ClusterMeter> sums, ClusterMeter meter) {
        sums.merge(Key.of(meter), meter, MeterSums::plus);
    }

    private static ClusterMeter plus(ClusterMeter one, ClusterMeter other) {
        Map<String, Double> figures = new HashMap<>(one.figures());
        other.figures()
                .forEach((name, figure) ->
                        figures.merge(name, figure, name.equals(ClusterMeter.MAX) ? Math::max : Double::sum));
        return other.with(figures, plus(one.buckets(), other.buckets()));
    }

    /** The bounds that both have: what one has counted between two of its own could be on either side of another. */
    private static List<ClusterMeter.Bucket> plus(List<ClusterMeter.Bucket> some, List<ClusterMeter.Bucket> others) {
        Map<Double, Double> counts = new HashMap<>();
        some.forEach(bucket -> counts.put(bucket.le(), bucket.count()));
        List<ClusterMeter.Bucket> both = new ArrayList<>();
        for (ClusterMeter.Bucket bucket : others) {
            Double count = counts.get(bucket.le());
            if (count != null) {
                both.add(new ClusterMeter.Bucket(bucket.le(), bucket.count() + count));
            }
        }
        return both;
    }
}
