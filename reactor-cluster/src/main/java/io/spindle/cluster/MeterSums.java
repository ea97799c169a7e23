// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

    private final Map<Key, ClusterMeter> ended = new HashMap<>();

    /** The worker has ended; these were its last words. */
    void retire(List<ClusterMeter> meters) {
        for (ClusterMeter meter : meters) {
            if (meter.kind().isCumulative()) {
                ClusterMeter kept = ofAll(meter);
                Map<String, Double> figures = new HashMap<>(kept.figures());
                figures.remove(ClusterMeter.MAX); // of a while that is over
                add(ended, kept.with(figures, kept.buckets()));
            }
        }
    }

    /** Meters of workers that are alive, the older first: where two have one place, the younger one's gauges are shown. */
    record Living(int slot, List<ClusterMeter> meters) {}

    List<ClusterMeter> sum(List<Living> workers) {
        Map<Key, ClusterMeter> sums = new LinkedHashMap<>(ended);
        for (Living worker : workers) {
            for (ClusterMeter meter : worker.meters()) {
                if (meter.kind().isAddedUp()) {
                    add(sums, ofAll(meter));
                } else {
                    ClusterMeter shown = ofPlace(meter, worker.slot());
                    sums.put(Key.of(shown), shown);
                }
            }
        }
        return sums.values().stream().sorted(ORDER).toList();
    }

    private static ClusterMeter ofAll(ClusterMeter meter) {
        if (!meter.tags().containsKey(ClusterMeter.WORKER)) {
            return meter;
        }
        Map<String, String> tags = new HashMap<>(meter.tags());
        tags.remove(ClusterMeter.WORKER);
        return meter.with(tags);
    }

    private static ClusterMeter ofPlace(ClusterMeter meter, int slot) {
        Map<String, String> tags = new HashMap<>(meter.tags());
        tags.put(ClusterMeter.WORKER, Integer.toString(slot));
        return meter.with(tags);
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
