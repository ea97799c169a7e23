// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.LongTaskTimer;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSupport;
import io.micrometer.core.instrument.step.StepMeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the meters of a registry, as they are published: two of the same registry are equal. Of a composite one of its registries
 * is read, one that counts from the start on; others tell what they have counted in the last interval.
 */
record MeterReader(MeterRegistry registry) implements Supplier<List<ClusterMeter>> {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    /**
     * Checks it.
     *
     * @throws IllegalArgumentException if the registry does not count from the start on
     */
    MeterReader {
        Objects.requireNonNull(registry, "registry");
        if (registry instanceof StepMeterRegistry) {
            throw new IllegalArgumentException("registry must count from the start on, as those for Prometheus and "
                    + "SimpleMeterRegistry do, " + registry.getClass().getName() + " counts by intervals");
        }
    }

    /** Runs the functions of gauges, which are the user's and may block. */
    @Override
    public List<ClusterMeter> get() {
        MeterRegistry counting = counting(registry);
        if (counting == null) {
            if (TOLD.compareAndSet(false, true)) {
                log.warn("the meters of this worker are not added up: none of its registries counts from the start on");
            }
            return List.of();
        }
        List<ClusterMeter> all = new ArrayList<>();
        for (Meter meter : counting.getMeters()) {
            try {
                all.add(read(meter, isPrometheus(counting)));
            } catch (RuntimeException | LinkageError e) {
                log.debug("meter {} cannot be read", meter.getId(), e);
            }
        }
        return all;
    }

    /** Prometheus' before others: its buckets count from the start on, too. */
    private static @Nullable MeterRegistry counting(MeterRegistry registry) {
        if (!(registry instanceof CompositeMeterRegistry composite)) {
            return registry instanceof StepMeterRegistry ? null : registry;
        }
        MeterRegistry found = null;
        for (MeterRegistry each : composite.getRegistries()) {
            MeterRegistry counting = counting(each);
            if (counting != null && (found == null || isPrometheus(counting))) {
                found = counting;
            }
        }
        return found;
    }

    private static boolean isPrometheus(MeterRegistry registry) {
        return registry.getClass().getSimpleName().startsWith("Prometheus");
    }

    private static ClusterMeter read(Meter meter, boolean buckets) {
        Figures figures = new Figures(meter.getId(), buckets);
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
        private final boolean buckets;
        private final Map<String, Double> figures = new HashMap<>();

        Figures(Meter.Id id, boolean buckets) {
            this.id = id;
            this.buckets = buckets;
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

        private List<ClusterMeter.Bucket> buckets(HistogramSupport histogram, ToDoubleFunction<CountAtBucket> bound) {
            if (!buckets) {
                return List.of();
            }
            List<ClusterMeter.Bucket> counted = new ArrayList<>();
            for (CountAtBucket each : histogram.takeSnapshot().histogramCounts()) {
                double le = bound.applyAsDouble(each);
                if (Double.isFinite(le)) {
                    counted.add(new ClusterMeter.Bucket(le, each.count()));
                }
            }
            return counted;
        }
    }
}
