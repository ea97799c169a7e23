// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.spindle.loop.DurationHistogram;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Binds the figures of all programs that this JVM starts, {@link ProcessMetrics}, to a Micrometer registry. Needs
 * Micrometer on the class path. Nothing is measured for it that is not counted anyway; reading is up to the registry, and
 * quantiles that are read within 100 ms share one snapshot.
 *
 * <ul>
 *   <li>{@code spindle.process.running}: how many run now
 *   <li>{@code spindle.process.spawned}, {@code spindle.process.spawn.failed}: counters of starts and of those that failed
 *   <li>{@code spindle.process.exited}, {@code spindle.process.failed}, {@code spindle.process.killed}: counters of ends
 *   <li>{@code spindle.process.run} with {@code quantile} 0.5, 0.99, 0.999 and 1: how long those that have ended ran
 *   <li>{@code spindle.process.read}, {@code spindle.process.written}: counters of bytes of the outputs and inputs
 *   <li>{@code spindle.process.paused}: counter of the times that output waited in its pipe for its subscriber
 * </ul>
 *
 * @since 0.1.0
 */
public final class ProcessMeters implements MeterBinder {

    private static final String[] QUANTILES = {"0.5", "0.99", "0.999", "1"};
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private ProcessMeters() {}

    /** Makes a binder. */
    public static ProcessMeters create() {
        return new ProcessMeters();
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Binding binding = new Binding(registry, new Latest());
        Gauge.builder("spindle.process.running", ProcessCounters.ALL, ProcessCounters::running)
                .description("Processes that run")
                .register(registry);
        binding.counter("spawned", "Processes started", null, ProcessCounters::spawnedCount);
        binding.counter("spawn.failed", "Starts that failed", null, ProcessCounters::failedSpawnsCount);
        binding.counter("exited", "Processes that ended well", null, ProcessCounters::exitedCount);
        binding.counter("failed", "Processes that ended badly", null, ProcessCounters::failedCount);
        binding.counter("killed", "Processes that were ended", null, ProcessCounters::killedCount);
        binding.counter("read", "Bytes of stdout and stderr", "bytes", ProcessCounters::readBytesCount);
        binding.counter("written", "Bytes of stdin", "bytes", ProcessCounters::writtenBytesCount);
        binding.counter("paused", "Times that output waited for its subscriber", null, ProcessCounters::pausesCount);
        for (String quantile : QUANTILES) {
            binding.runTime(quantile);
        }
    }

    /** The latest histogram, which is copied once for the quantiles of a scrape. */
    private static final class Latest {

        private record Snapshot(DurationHistogram runTimes, long takenAt) {}

        private volatile @Nullable Snapshot snapshot;

        DurationHistogram of(ProcessCounters counters) {
            long now = System.nanoTime();
            Snapshot latest = snapshot;
            if (latest == null || now - latest.takenAt() > FRESH_NANOS) {
                latest = new Snapshot(counters.runTimes(), now);
                snapshot = latest;
            }
            return latest.runTimes();
        }
    }

    /** Registers figures. The registry holds the counters weakly, but they are those of the JVM. */
    private record Binding(MeterRegistry registry, Latest latest) {

        void counter(
                String figure, String description, @Nullable String unit, ToDoubleFunction<ProcessCounters> value) {
            FunctionCounter.builder("spindle.process." + figure, ProcessCounters.ALL, value)
                    .description(description)
                    .baseUnit(unit)
                    .register(registry);
        }

        void runTime(String quantile) {
            double percent = Double.parseDouble(quantile) * 100;
            TimeGauge.builder(
                            "spindle.process.run",
                            ProcessCounters.ALL,
                            TimeUnit.NANOSECONDS,
                            counters -> latest.of(counters).percentile(percent).toNanos())
                    .description("How long processes ran")
                    .tag("quantile", quantile)
                    .register(registry);
        }
    }
}
