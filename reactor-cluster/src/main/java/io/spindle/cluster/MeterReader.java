// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.LongTaskTimer;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSupport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the meters of a registry. The only class that knows Micrometer, beside {@link ClusterMeters}. */
final class MeterReader {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private MeterReader() {}

    /** Runs the functions of gauges, which are the user's and may block. */
    static List<ClusterMeter> read(MeterRegistry registry) {
        List<ClusterMeter> all = new ArrayList<>();
        for (Meter meter : registry.getMeters()) {
            try {
                all.add(read(meter));
            } catch (RuntimeException e) {
                log.debug("meter {} cannot be read", meter.getId(), e);
            }
        }
        return all;
    }

    private static ClusterMeter read(Meter meter) {
        Figures figures = new Figures(meter.getId());
        return meter.match(
                gauge -> figures.add(ClusterMeter.VALUE, gauge.value()).of(ClusterMeter.Kind.GAUGE),
                counter -> figures.add(ClusterMeter.COUNT, counter.count()).of(ClusterMeter.Kind.COUNTER),
                timer -> figures.time(timer),
                summary -> figures.add(ClusterMeter.COUNT, (double) summary.count())
                        .add(ClusterMeter.TOTAL, summary.totalAmount())
                        .add(ClusterMeter.MAX, summary.max())
                        .of(ClusterMeter.Kind.DISTRIBUTION_SUMMARY, summary, CountAtBucket::bucket),
                longTasks -> figures.time(longTasks),
                gauge -> figures.add(ClusterMeter.VALUE, gauge.value(TimeUnit.SECONDS))
                        .seconds(ClusterMeter.Kind.GAUGE),
                counter -> figures.add(ClusterMeter.COUNT, counter.count()).of(ClusterMeter.Kind.COUNTER),
                timer -> figures.time(timer),
                other -> figures.measured(other.measure()).of(ClusterMeter.Kind.OTHER));
    }

    /** What is read of one meter. */
    private static final class Figures {

        private static final String SECONDS = "seconds";

        private final Meter.Id id;
        private final Map<String, Double> figures = new HashMap<>();

        Figures(Meter.Id id) {
            this.id = id;
        }

        Figures add(String name, double figure) {
            if (Double.isFinite(figure)) {
                figures.put(name, figure);
            }
            return this;
        }

        Figures measured(Iterable<Measurement> measurements) {
            for (Measurement each : measurements) {
                add(each.getStatistic().getTagValueRepresentation(), each.getValue());
            }
            return this;
        }

        ClusterMeter time(Timer timer) {
            return add(ClusterMeter.COUNT, (double) timer.count())
                    .add(ClusterMeter.TOTAL, timer.totalTime(TimeUnit.SECONDS))
                    .add(ClusterMeter.MAX, timer.max(TimeUnit.SECONDS))
                    .make(ClusterMeter.Kind.TIMER, SECONDS, buckets(timer, Figures::seconds));
        }

        ClusterMeter time(FunctionTimer timer) {
            return add(ClusterMeter.COUNT, timer.count())
                    .add(ClusterMeter.TOTAL, timer.totalTime(TimeUnit.SECONDS))
                    .seconds(ClusterMeter.Kind.TIMER);
        }

        ClusterMeter time(LongTaskTimer timer) {
            return add(ClusterMeter.COUNT, timer.activeTasks())
                    .add(ClusterMeter.TOTAL, timer.duration(TimeUnit.SECONDS))
                    .add(ClusterMeter.MAX, timer.max(TimeUnit.SECONDS))
                    .make(ClusterMeter.Kind.LONG_TASK_TIMER, SECONDS, buckets(timer, Figures::seconds));
        }

        private static double seconds(CountAtBucket bucket) {
            return bucket.bucket(TimeUnit.NANOSECONDS) / 1e9;
        }

        ClusterMeter of(ClusterMeter.Kind kind) {
            return make(kind, id.getBaseUnit(), List.of());
        }

        ClusterMeter of(ClusterMeter.Kind kind, HistogramSupport histogram, ToDoubleFunction<CountAtBucket> bound) {
            return make(kind, id.getBaseUnit(), buckets(histogram, bound));
        }

        ClusterMeter seconds(ClusterMeter.Kind kind) {
            return make(kind, SECONDS, List.of());
        }

        private ClusterMeter make(ClusterMeter.Kind kind, @Nullable String unit, List<ClusterMeter.Bucket> buckets) {
            Map<String, String> tags = new HashMap<>();
            for (Tag tag : id.getTagsAsIterable()) {
                tags.put(tag.getKey(), tag.getValue());
            }
            return new ClusterMeter(
                    id.getName(),
                    tags,
                    kind,
                    Objects.requireNonNullElse(unit, ""),
                    Objects.requireNonNullElse(id.getDescription(), ""),
                    figures,
                    buckets);
        }

        private static List<ClusterMeter.Bucket> buckets(
                HistogramSupport histogram, ToDoubleFunction<CountAtBucket> bound) {
            List<ClusterMeter.Bucket> buckets = new ArrayList<>();
            for (CountAtBucket each : histogram.takeSnapshot().histogramCounts()) {
                double le = bound.applyAsDouble(each);
                if (Double.isFinite(le)) {
                    buckets.add(new ClusterMeter.Bucket(le, each.count()));
                }
            }
            return buckets;
        }
    }
}
