// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a Micrometer meter of workers has measured: of one worker as it publishes it, or of all as {@link Primary#meters()}
 * tells it. Times are in seconds.
 *
 * <p>Of all workers, what is counted is added up: a counter, a timer or a summary has the sum of the workers, those that have
 * ended included, and loses its tag {@code worker}; so do the active tasks of a long task timer, of those alive. Of
 * histograms the buckets are added up whose bounds all of them have, those that have ended too. A
 * maximum is the largest. A gauge is not added up, since nobody can tell whether that would mean anything: there is one for each
 * worker, tagged {@code worker} with its place ({@link ClusterWorker#slot()}). A tag of that name that means something else is
 * called {@code exported_worker}.
 *
 * @param name with dots, as in Micrometer
 * @param tags by key
 * @param kind what it measures
 * @param unit the base unit, or empty
 * @param description or empty
 * @param figures by name, finite numbers only: {@code count}, {@code total} and {@code max} of timers and summaries, {@code
 *     count} of counters, {@code value} of gauges, the statistics of a custom meter; those that are not known are missing
 * @param buckets of a histogram, ascending; empty without one. Percentiles are not here: they cannot be added up
 * @since 0.1.0
 */
public record ClusterMeter(
        String name,
        Map<String, String> tags,
        Kind kind,
        String unit,
        String description,
        Map<String, Double> figures,
        List<Bucket> buckets) {

    /** The tag of what is not added up: the place of a worker. */
    public static final String WORKER = "worker";

    /** How many there were: events of a counter, a timer or a summary, tasks that run of a long task timer. */
    public static final String COUNT = "count";

    /** The sum of the times or amounts. */
    public static final String TOTAL = "total";

    /** The largest in the last while. */
    public static final String MAX = "max";

    /** What a gauge shows. */
    public static final String VALUE = "value";

    /** What a meter measures, as {@code Meter.Type} of Micrometer. */
    public enum Kind {
        /** Events. */
        COUNTER,
        /** A number that goes up and down. */
        GAUGE,
        /** Durations of what has ended. */
        TIMER,
        /** Amounts. */
        DISTRIBUTION_SUMMARY,
        /** Durations of what still runs. */
        LONG_TASK_TIMER,
        /** Whatever its maker wanted. */
        OTHER;

        boolean isAddedUp() {
            return this != GAUGE && this != OTHER;
        }

        /** Whether it never falls, so that what a worker had counted stays when it has ended. */
        boolean isCumulative() {
            return isAddedUp() && this != LONG_TASK_TIMER;
        }
    }

    /**
     * A bucket of a histogram.
     *
     * @param le its upper bound, inclusive
     * @param count of all that is not above it
     */
    public record Bucket(double le, double count) {}

    /** Makes it immutable. */
    public ClusterMeter {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(unit, "unit");
        Objects.requireNonNull(description, "description");
        tags = sorted(tags);
        figures = sorted(figures);
        buckets = List.copyOf(buckets);
    }

    private static <V> SortedMap<String, V> sorted(Map<String, V> map) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }

    ClusterMeter with(Map<String, String> changed) {
        return new ClusterMeter(name, changed, kind, unit, description, figures, buckets);
    }

    ClusterMeter with(Map<String, Double> changed, List<Bucket> counted) {
        return new ClusterMeter(name, tags, kind, unit, description, changed, counted);
    }
}
