// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Binds the figures of an {@link EventLoop} to a Micrometer registry, tagged {@code loop} with its name. Needs
 * Micrometer on the class path. Nothing is measured for it that the loop does not count anyway; reading is up to the
 * registry.
 *
 * <ul>
 *   <li>{@code spindle.loop.utilization}: the share of time awake, since the loop started
 *   <li>{@code spindle.loop.delay} with {@code quantile} 0.5, 0.99, 0.999 and 1: how long turns take
 *   <li>{@code spindle.loop.turns}, {@code spindle.loop.callbacks}, {@code spindle.loop.events}: counters
 *   <li>{@code spindle.loop.queued}, {@code spindle.loop.timers}, {@code spindle.loop.channels}: what waits now
 * </ul>
 *
 * @since 0.1.0
 */
public final class LoopMeters implements MeterBinder {

    private static final double[] PERCENTS = {50, 99, 99.9, 100};

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

    @Override
    public void bindTo(MeterRegistry registry) {
        Tags tags = Tags.of("loop", loop.name());
        gauge(
                registry,
                tags,
                "utilization",
                "Share of the time awake",
                each -> each.metrics().utilization());
        gauge(
                registry,
                tags,
                "queued",
                "Posted tasks that wait",
                each -> each.metrics().queuedTasks());
        gauge(
                registry,
                tags,
                "timers",
                "Timers that wait",
                each -> each.metrics().timers());
        gauge(
                registry,
                tags,
                "channels",
                "Channels registered",
                each -> each.metrics().channels());
        counter(
                registry,
                tags,
                "turns",
                "Turns through the phases",
                each -> each.metrics().turns());
        counter(
                registry,
                tags,
                "callbacks",
                "Callbacks run",
                each -> each.metrics().callbacks());
        counter(registry, tags, "events", "I/O events", each -> each.metrics().events());
        for (double percent : PERCENTS) {
            TimeGauge.builder("spindle.loop.delay", loop, TimeUnit.NANOSECONDS, each -> delay(each, percent))
                    .description("How long turns take")
                    .tags(tags.and("quantile", String.valueOf(percent / 100)))
                    .register(registry);
        }
    }

    private static double delay(EventLoop loop, double percent) {
        DelayHistogram delay = loop.metrics().delay();
        return delay.count() == 0 ? 0 : delay.percentile(percent).toNanos();
    }

    private void gauge(
            MeterRegistry registry, Tags tags, String name, String description, ToDoubleFunction<EventLoop> value) {
        Gauge.builder("spindle.loop." + name, loop, value)
                .description(description)
                .tags(tags)
                .register(registry);
    }

    private void counter(
            MeterRegistry registry, Tags tags, String name, String description, ToDoubleFunction<EventLoop> value) {
        FunctionCounter.builder("spindle.loop." + name, loop, value)
                .description(description)
                .tags(tags)
                .register(registry);
    }
}
