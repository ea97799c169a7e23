// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.LongTaskTimer;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Statistic;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.logging.LoggingMeterRegistry;
import io.micrometer.core.instrument.logging.LoggingRegistryConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How meters are read, added up and written. */
class MeterSumsTest {

    private static ClusterMeter counter(Map<String, String> tags, double count) {
        return meter("requests", tags, ClusterMeter.Kind.COUNTER, Map.of(ClusterMeter.COUNT, count));
    }

    private static ClusterMeter meter(
            String name, Map<String, String> tags, ClusterMeter.Kind kind, Map<String, Double> figures) {
        return new ClusterMeter(name, tags, kind, "", "", figures, List.of());
    }

    private static ClusterMeter histogram(double count, ClusterMeter.Bucket... buckets) {
        return new ClusterMeter(
                "times",
                Map.of(),
                ClusterMeter.Kind.TIMER,
                "seconds",
                "",
                Map.of("count", count, "total", 1.0, "max", count),
                List.of(buckets));
    }

    @Test
    void whatIsCountedIsAddedUpByTheTagsButTheWorkers() {
        List<ClusterMeter> sum = new MeterSums()
                .sum(List.of(
                        new MeterSums.Living(
                                0, List.of(counter(Map.of("uri", "/", "worker", "0"), 1), counter(Map.of(), 4))),
                        new MeterSums.Living(1, List.of(counter(Map.of("uri", "/", "worker", "1"), 2)))));

        assertThat(sum).containsExactly(counter(Map.of("uri", "/"), 3), counter(Map.of(), 4));
    }

    @Test
    void aGaugeIsThatOfItsPlaceAndTheYoungerWorkersThere() {
        ClusterMeter old = meter("heap", Map.of(), ClusterMeter.Kind.GAUGE, Map.of(ClusterMeter.VALUE, 1.0));
        ClusterMeter young = meter("heap", Map.of(), ClusterMeter.Kind.GAUGE, Map.of(ClusterMeter.VALUE, 2.0));

        assertThat(new MeterSums()
                        .sum(List.of(new MeterSums.Living(3, List.of(old)), new MeterSums.Living(3, List.of(young)))))
                .containsExactly(
                        meter("heap", Map.of("worker", "3"), ClusterMeter.Kind.GAUGE, Map.of(ClusterMeter.VALUE, 2.0)));
    }

    @Test
    void whoHasEndedStaysInWhatIsCountedAndNotInWhatIsNow() {
        MeterSums sums = new MeterSums();
        ClusterMeter active = meter("tasks", Map.of(), ClusterMeter.Kind.LONG_TASK_TIMER, Map.of("count", 1.0));
        ClusterMeter gauge = meter("heap", Map.of(), ClusterMeter.Kind.GAUGE, Map.of("value", 1.0));
        sums.retire(List.of(counter(Map.of("worker", "0"), 1), histogram(7), active, gauge), 0);
        sums.retire(List.of(counter(Map.of("worker", "1"), 2)), 1);

        assertThat(sums.sum(List.of(new MeterSums.Living(0, List.of(counter(Map.of(), 4), active)))))
                .containsExactly(
                        counter(Map.of(), 7),
                        active,
                        new ClusterMeter(
                                "times",
                                Map.of(),
                                ClusterMeter.Kind.TIMER,
                                "seconds",
                                "",
                                Map.of("count", 7.0, "total", 1.0), // its maximum is of a while that is over
                                List.of()));
    }

    @Test
    void ofHistogramsWithOtherBoundsThoseThatBothHaveAreAddedUp() {
        ClusterMeter one = histogram(3, new ClusterMeter.Bucket(0.1, 1), new ClusterMeter.Bucket(1, 3));
        ClusterMeter other = histogram(2, new ClusterMeter.Bucket(0.5, 1), new ClusterMeter.Bucket(1, 2));

        assertThat(new MeterSums()
                        .sum(List.of(new MeterSums.Living(0, List.of(one)), new MeterSums.Living(1, List.of(other)))))
                .singleElement()
                .satisfies(sum -> {
                    assertThat(sum.buckets()).containsExactly(new ClusterMeter.Bucket(1, 5));
                    assertThat(sum.figures()).isEqualTo(Map.of("count", 5.0, "total", 2.0, "max", 3.0));
                });
    }

    @Test
    void aTagOfTheSameNameThatMeansSomethingElseIsKept() {
        ClusterMeter queue = meter("queue", Map.of("worker", "mail"), ClusterMeter.Kind.GAUGE, Map.of("value", 1.0));

        assertThat(new MeterSums()
                        .sum(List.of(
                                new MeterSums.Living(0, List.of(queue, counter(Map.of("worker", "mail"), 1))),
                                new MeterSums.Living(1, List.of(queue, counter(Map.of("worker", "mail"), 2))))))
                .extracting(ClusterMeter::tags)
                .containsExactly(
                        Map.of("worker", "0", "exported_worker", "mail"),
                        Map.of("worker", "1", "exported_worker", "mail"),
                        Map.of("exported_worker", "mail"));
    }

    @Test
    void tagsThatAreOthersInEachGenerationDoNotFillThePrimary() {
        MeterSums sums = new MeterSums();
        for (int i = 0; i < 10_050; i++) {
            sums.retire(List.of(counter(Map.of("pid", Integer.toString(i)), 1), counter(Map.of(), 1)), 0);
        }

        List<ClusterMeter> kept = sums.sum(List.of());

        assertThat(kept).hasSize(10_000).contains(counter(Map.of(), 10_050));
    }

    @Test
    void ofACompositeARegistryIsReadThatCountsFromTheStartOn() {
        MeterRegistry byIntervals = new LoggingMeterRegistry(LoggingRegistryConfig.DEFAULT, Clock.SYSTEM);
        CompositeMeterRegistry composite = new CompositeMeterRegistry();
        composite.add(byIntervals);
        Counter.builder("counted").register(composite).increment();
        MeterReader reader = new MeterReader(composite);

        assertThat(reader.get()).isEmpty();
        composite.add(new SimpleMeterRegistry());
        composite.add(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
        Timer.builder("timed")
                .serviceLevelObjectives(Duration.ofMillis(10))
                .register(composite)
                .record(Duration.ofMillis(1));

        assertThat(reader.get())
                .filteredOn(meter -> meter.name().equals("timed"))
                .singleElement()
                .satisfies(timed -> assertThat(timed.buckets()).containsExactly(new ClusterMeter.Bucket(0.01, 1)));
        assertThat(reader).isEqualTo(new MeterReader(composite));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MeterReader(byIntervals))
                .withMessageContaining("LoggingMeterRegistry counts by intervals");
        composite.getRegistries().forEach(MeterRegistry::close);
    }

    @Test
    void aSeriesWithoutBucketsStaysBesideOneWithThem() {
        String page = PrometheusPage.of(List.of(
                meter("times", Map.of("uri", "/"), ClusterMeter.Kind.TIMER, Map.of("count", 3.0, "total", 1.0)),
                histogram(2, new ClusterMeter.Bucket(0.1, 1))));

        assertThat(samples(page))
                .contains("times_seconds_count{uri=\"/\"} 3", "times_seconds_bucket{uri=\"/\",le=\"+Inf\"} 3")
                .contains("times_seconds_bucket{le=\"0.1\"} 1", "times_seconds_count 2");
    }

    /** Every kind of meter that Micrometer has. */
    private static PrometheusMeterRegistry registry() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Counter.builder("bytes.sent")
                .baseUnit("bytes")
                .description("What was \"sent\"\n")
                .tag("to.whom", "a\\b\"c")
                .register(registry)
                .increment(2);
        FunctionCounter.builder("polled", 5, Integer::doubleValue).register(registry);
        Gauge.builder("heap", () -> 7).register(registry);
        Gauge.builder("unknown", () -> Double.NaN).register(registry);
        TimeGauge.builder("uptime", () -> 90, TimeUnit.MINUTES).register(registry);
        Timer.builder("plain").register(registry).record(Duration.ofMillis(250));
        Timer.builder("slo")
                .serviceLevelObjectives(Duration.ofMillis(10), Duration.ofMillis(100))
                .register(registry)
                .record(Duration.ofMillis(20));
        FunctionTimer.builder("outer", 4, Integer::longValue, Integer::doubleValue, TimeUnit.MINUTES)
                .register(registry);
        LongTaskTimer.builder("running").register(registry);
        Meter.builder("own", Meter.Type.OTHER, List.of(new Measurement(() -> 3.0, Statistic.VALUE)))
                .register(registry);
        return registry;
    }

    @Test
    void thePageHasTheNamesThatMicrometerGivesInOneProcess() {
        PrometheusMeterRegistry registry = registry();

        String page = PrometheusPage.of(new MeterReader(registry).get());

        assertThat(samples(page))
                .contains("bytes_sent_bytes_total{to_whom=\"a\\\\b\\\"c\"} 2.0", "plain_seconds_max 0.25")
                .contains("slo_seconds_bucket{le=\"+Inf\"} 1", "uptime_seconds 5400.0", "outer_seconds_sum 240.0");
        Set<String> theirs = samples(registry.scrape());
        theirs.removeIf(sample -> sample.startsWith("unknown") || sample.startsWith("own"));
        Set<String> ours = samples(page);
        ours.removeIf(sample -> sample.startsWith("unknown") || sample.startsWith("own"));
        assertThat(ours).isEqualTo(theirs);
    }

    private static Set<String> samples(String page) {
        Set<String> samples = new TreeSet<>();
        page.lines().filter(line -> !line.startsWith("# HELP")).forEach(samples::add);
        return samples;
    }

    @Test
    void ofNamesThatAreOneInPrometheusTheFirstIsKept() {
        String page = PrometheusPage.of(List.of(
                meter("a.b", Map.of(), ClusterMeter.Kind.GAUGE, Map.of("value", 1.0)),
                meter("a_b", Map.of(), ClusterMeter.Kind.GAUGE, Map.of("value", 2.0)),
                meter("a-b", Map.of(), ClusterMeter.Kind.TIMER, Map.of("count", 3.0, "total", 1.0))));

        assertThat(page).contains("a_b 1.0").doesNotContain("a_b 2.0").contains("a_b_seconds_count 3");
        assertThat(PrometheusPage.of(List.of())).isEmpty();
        assertThat(PrometheusPage.CONTENT_TYPE).startsWith("text/plain");
    }
}
