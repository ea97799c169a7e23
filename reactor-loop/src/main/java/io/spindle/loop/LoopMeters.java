// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Binds the figures of an {@link EventLoop} to a Micrometer registry, tagged {@code loop} with its name. Needs
 * Micrometer on the class path. Nothing is measured for it that the loop does not count anyway. Reading is up to the
 * registry; all meters that are read within 100 ms share one snapshot.
 *
 * <ul>
 *   <li>{@code spindle.loop.active} and {@code spindle.loop.idle}: counters of the seconds awake and asleep; the rate of
 *       the first is the utilization of a period
 *   <li>{@code spindle.loop.utilization}: the share of time awake, since the loop started
 *   <li>{@code spindle.loop.delay} with {@code quantile} 0.5, 0.99, 0.999 and 1: how long turns took in the last one to two
 *       minutes: since the binding at first, since the reading before the last if that was longer ago
 *   <li>{@code spindle.loop.turns}, {@code spindle.loop.callbacks}, {@code spindle.loop.events}: counters
 *   <li>{@code spindle.loop.queued}, {@code spindle.loop.ticks}, {@code spindle.loop.microtasks}, {@code
 *       spindle.loop.immediates}, {@code spindle.loop.timers}, {@code spindle.loop.channels}: what waits now
 * </ul>
 *
 * @since 0.1.0
 */
public final class LoopMeters implements MeterBinder {

    private static final String[] QUANTILES = {"0.5", "0.99", "0.999", "1"};
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final EventLoop loop;

    private LoopMeters(EventLoop loop) {
        this.loop = loop;
    }

    /**
     * Makes a binder for one loop.
     *
     * @param loop the loop to bind; the registry holds it weakly
     */
    public static LoopMeters of(EventLoop loop) {
        return new LoopMeters(Objects.requireNonNull(loop, "loop"));
    }

    /** The latest snapshot of a loop, which it must not keep from being collected. */
    private static final class Latest {

        private record Snapshot(LoopMetrics metrics, long takenAt) {}

        private final Clock clock;
        private @Nullable Snapshot snapshot;
        private Snapshot windowStart;
        private Snapshot nextStart;

        Latest(Clock clock, EventLoop loop) {
            this.clock = clock;
            windowStart = new Snapshot(loop.metrics(), clock.monotonicTime());
            nextStart = windowStart;
        }

        synchronized LoopMetrics of(EventLoop loop) {
            long now = clock.monotonicTime();
            Snapshot latest = snapshot;
            if (latest == null || now - latest.takenAt() > FRESH_NANOS) {
                latest = new Snapshot(loop.metrics(), now);
                snapshot = latest;
                moveWindow(latest);
            }
            return latest.metrics();
        }

        private void moveWindow(Snapshot latest) {
            if (latest.takenAt() - nextStart.takenAt() >= WINDOW_NANOS) {
                windowStart = nextStart;
                nextStart = latest;
            }
        }

        synchronized DurationHistogram recentDelay(EventLoop loop) {
            return of(loop).delay().since(windowStart.metrics().delay());
        }
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Binding binding = new Binding(
                registry,
                Tags.of("loop", loop.name()),
                loop,
                new Latest(registry.config().clock(), loop));
        binding.counter("active", "Seconds awake", "seconds", metrics -> seconds(metrics.active()));
        binding.counter("idle", "Seconds asleep", "seconds", metrics -> seconds(metrics.idle()));
        binding.counter("turns", "Turns through the phases", null, LoopMetrics::turns);
        binding.counter("callbacks", "Callbacks run", null, LoopMetrics::callbacks);
        binding.counter("events", "I/O events", null, LoopMetrics::events);
        binding.gauge("utilization", "Share of the time awake", LoopMetrics::utilization);
        binding.gauge("queued", "Posted tasks that wait", LoopMetrics::queuedTasks);
        binding.gauge("ticks", "Ticks that wait", LoopMetrics::queuedTicks);
        binding.gauge("microtasks", "Microtasks that wait", LoopMetrics::queuedMicrotasks);
        binding.gauge("immediates", "Immediates that wait", LoopMetrics::queuedImmediates);
        binding.gauge("timers", "Timers that wait", LoopMetrics::timers);
        binding.gauge("channels", "Channels registered", LoopMetrics::channels);
        for (String quantile : QUANTILES) {
            binding.delay(quantile);
        }
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private record Binding(MeterRegistry registry, Tags tags, EventLoop loop, Latest latest) {

        void gauge(String name, String description, ToDoubleFunction<LoopMetrics> value) {
            Gauge.builder("spindle.loop." + name, loop, read(value))
                    .description(description)
                    .tags(tags)
                    .register(registry);
        }

        void counter(String name, String description, @Nullable String unit, ToDoubleFunction<LoopMetrics> value) {
            FunctionCounter.builder("spindle.loop." + name, loop, read(value))
                    .description(description)
                    .baseUnit(unit)
                    .tags(tags)
                    .register(registry);
        }

        void delay(String quantile) {
            double percent = Double.parseDouble(quantile) * 100;
            Latest shared = latest;
            ToDoubleFunction<EventLoop> value =
                    each -> shared.recentDelay(each).percentile(percent).toNanos();
            TimeGauge.builder("spindle.loop.delay", loop, TimeUnit.NANOSECONDS, value)
                    .description("How long turns take")
                    .tags(tags.and("quantile", quantile))
                    .register(registry);
        }

        /** Must not hold the loop, nor this binding, which does: the registry holds it weakly. */
        private ToDoubleFunction<EventLoop> read(ToDoubleFunction<LoopMetrics> value) {
            Latest shared = latest;
            return each -> value.applyAsDouble(shared.of(each));
        }
    }
}
