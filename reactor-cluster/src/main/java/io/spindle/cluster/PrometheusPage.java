// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.NamingConvention;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusNamingConvention;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The meters of all workers as a page in Prometheus' text format, with the names that Micrometer's registry for Prometheus would
 * give to counters, gauges, timers and summaries in one process; custom meters are gauges here. Needs {@code io.micrometer:micrometer-registry-prometheus} on the class path.
 *
 * @since 0.1.0
 */
public final class PrometheusPage {

    /** The media type of a page. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private static final NamingConvention NAMES = new PrometheusNamingConvention();

    private final Map<String, Family> families = new LinkedHashMap<>();

    private PrometheusPage() {}

    /**
     * Writes a page.
     *
     * @param meters of {@link Primary#meters()}
     * @return the page; of meters whose names and tags, or names and kinds, Prometheus cannot tell apart, the first
     */
    public static String of(List<ClusterMeter> meters) {
        PrometheusPage page = new PrometheusPage();
        meters.forEach(page::add);
        PrometheusRegistry snapshots = new PrometheusRegistry();
        snapshots.register((MultiCollector) page::snapshots);
        PrometheusMeterRegistry writer = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, snapshots, Clock.SYSTEM);
        String text = writer.scrape();
        writer.close();
        return text;
    }

    private enum Type {
        COUNTER,
        GAUGE,
        TIMES
    }

    /** What has one name; its points by their labels. */
    private record Family(Type type, String help, Map<Labels, ClusterMeter> points) {}

    private void add(ClusterMeter meter) {
        Labels labels = labels(meter.tags());
        String name = NAMES.name(
                meter.name(),
                Meter.Type.valueOf(meter.kind().name()),
                meter.unit().isEmpty() ? null : meter.unit());
        switch (meter.kind()) {
            case COUNTER -> add(name, Type.COUNTER, labels, meter);
            case GAUGE -> add(name, Type.GAUGE, labels, meter);
            case OTHER ->
                meter.figures()
                        .forEach((statistic, figure) -> add(
                                name + "_" + statistic,
                                Type.GAUGE,
                                labels,
                                meter.with(Map.of(ClusterMeter.VALUE, figure), List.of())));
            default -> {
                add(name, Type.TIMES, labels, meter);
                Double max = meter.figures().get(ClusterMeter.MAX);
                if (max != null) {
                    add(name + "_max", Type.GAUGE, labels, meter.with(Map.of(ClusterMeter.VALUE, max), List.of()));
                }
            }
        }
    }

    private static Labels labels(Map<String, String> tags) {
        Map<String, String> labels = new HashMap<>();
        tags.forEach((key, value) -> labels.put(NAMES.tagKey(key), value));
        return Labels.of(labels.keySet().toArray(String[]::new), labels.values().toArray(String[]::new));
    }

    private void add(String name, Type type, Labels labels, ClusterMeter meter) {
        Family family =
                families.computeIfAbsent(name, absent -> new Family(type, meter.description(), new LinkedHashMap<>()));
        if (family.type() == type) {
            family.points().putIfAbsent(labels, meter);
        }
    }

    private MetricSnapshots snapshots() {
        List<MetricSnapshot> all = new ArrayList<>();
        families.forEach((name, family) -> all.add(snapshot(new MetricMetadata(name, family.help()), family)));
        return new MetricSnapshots(all);
    }

    private static MetricSnapshot snapshot(MetricMetadata metadata, Family family) {
        Map<Labels, ClusterMeter> points = family.points();
        return switch (family.type()) {
            case COUNTER ->
                new CounterSnapshot(
                        metadata,
                        points(
                                points,
                                (labels, meter) -> new CounterSnapshot.CounterDataPointSnapshot(
                                        figure(meter, ClusterMeter.COUNT), labels, null, 0)));
            case GAUGE ->
                new GaugeSnapshot(
                        metadata,
                        points(
                                points,
                                (labels, meter) -> new GaugeSnapshot.GaugeDataPointSnapshot(
                                        figure(meter, ClusterMeter.VALUE), labels, null)));
            case TIMES -> times(metadata, points);
        };
    }

    /** One with buckets makes histograms of all that have its name. */
    private static MetricSnapshot times(MetricMetadata metadata, Map<Labels, ClusterMeter> points) {
        if (points.values().stream().allMatch(meter -> meter.buckets().isEmpty())) {
            return new SummarySnapshot(
                    metadata,
                    points(
                            points,
                            (labels, meter) -> SummarySnapshot.SummaryDataPointSnapshot.builder()
                                    .count((long) figure(meter, ClusterMeter.COUNT))
                                    .sum(figure(meter, ClusterMeter.TOTAL))
                                    .labels(labels)
                                    .build()));
        }
        return new HistogramSnapshot(
                metadata,
                points(
                        points,
                        (labels, meter) -> new HistogramSnapshot.HistogramDataPointSnapshot(
                                buckets(meter), figure(meter, ClusterMeter.TOTAL), labels, null, 0)));
    }

    private interface Point<T> {
        T of(Labels labels, ClusterMeter meter);
    }

    private static <T> List<T> points(Map<Labels, ClusterMeter> points, Point<T> point) {
        List<T> all = new ArrayList<>();
        points.forEach((labels, meter) -> {
            try {
                all.add(point.of(labels, meter));
            } catch (IllegalArgumentException e) { // a counter that fell below zero, say: the others are well
                log.debug("no place for {} on a page", meter, e);
            }
        });
        return all;
    }

    private static double figure(ClusterMeter meter, String name) {
        @Nullable Double figure = meter.figures().get(name);
        return figure == null ? Double.NaN : figure;
    }

    /** Each without those below it, and at last all that is above. */
    private static ClassicHistogramBuckets buckets(ClusterMeter meter) {
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        double below = 0;
        for (ClusterMeter.Bucket bucket : meter.buckets()) {
            buckets.bucket(bucket.le(), (long) (bucket.count() - below));
            below = bucket.count();
        }
        double count = Math.max(below, figure(meter, ClusterMeter.COUNT));
        return buckets.bucket(Double.POSITIVE_INFINITY, (long) (count - below)).build();
    }
}
