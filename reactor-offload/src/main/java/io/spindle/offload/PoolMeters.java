// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.spindle.loop.DurationHistogram;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Binds the figures of a {@link BlockingPool} or a {@link WorkerPool} to a Micrometer registry, tagged {@code pool} with
 * its name. Needs Micrometer on the class path. Nothing is measured for it that the pool does not count anyway; reading
 * is up to the registry.
 *
 * <ul>
 *   <li>{@code spindle.pool.threads}, {@code spindle.pool.running}, {@code spindle.pool.queued}: what is there now
 *   <li>{@code spindle.pool.stuck}: tasks that were interrupted and go on
 *   <li>{@code spindle.pool.completed}, {@code spindle.pool.rejected}: counters of tasks
 *   <li>{@code spindle.pool.wait}, {@code spindle.pool.run} with {@code quantile} 0.5, 0.99, 0.999 and 1: how long tasks
 *       waited and ran, since the pool started
 *   <li>{@code spindle.pool.waiting}, {@code spindle.pool.utilization}, {@code spindle.pool.retried}: tasks in front of
 *       the full queue, the share of the time at work, and a counter of runs after a lost worker, of a
 *       {@code WorkerPool} only
 * </ul>
 *
 * @since 0.1.0
 */
public final class PoolMeters implements MeterBinder {

    private static final String[] QUANTILES = {"0.5", "0.99", "0.999", "1"};

    private final Consumer<MeterRegistry> binding;

    private PoolMeters(Consumer<MeterRegistry> binding) {
        this.binding = binding;
    }

    /**
     * Makes a binder for a pool for blocking calls, or a view of one.
     *
     * @param pool the pool to bind; the registry holds it weakly
     */
    public static PoolMeters of(BlockingPool pool) {
        Objects.requireNonNull(pool, "pool");
        return new PoolMeters(registry -> bind(new Meters<>(pool, pool.name(), registry)));
    }

    /**
     * Makes a binder for a pool for computing.
     *
     * @param pool the pool to bind; the registry holds it weakly
     */
    public static PoolMeters of(WorkerPool pool) {
        Objects.requireNonNull(pool, "pool");
        return new PoolMeters(registry -> bindWorkers(new Meters<>(pool, pool.name(), registry)));
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        binding.accept(registry);
    }

    private static void bind(Meters<BlockingPool> meters) {
        meters.tasks(BlockingPool::metrics);
        meters.times("wait", "How long tasks waited", BlockingPool::waitTimes);
        meters.times("run", "How long tasks ran", BlockingPool::runTimes);
    }

    private static void bindWorkers(Meters<WorkerPool> meters) {
        meters.tasks(WorkerPool::metrics);
        meters.gauge(
                "waiting", "Tasks that wait for room", pool -> pool.metrics().waiting());
        meters.gauge(
                "utilization",
                "Share of the time at work",
                pool -> pool.metrics().utilization());
        meters.counter(
                "retried", "Runs after a lost worker", pool -> pool.metrics().retried());
        meters.times("wait", "How long tasks waited", WorkerPool::waitTimes);
        meters.times("run", "How long tasks ran", WorkerPool::runTimes);
    }

    /** Registers figures of one pool; the functions must not hold it. */
    private record Meters<P>(P pool, String name, MeterRegistry registry) {

        void tasks(Function<P, TaskCounts> counts) {
            gauge("threads", "Threads alive", each -> counts.apply(each).threads());
            gauge("running", "Tasks that run", each -> counts.apply(each).running());
            gauge("queued", "Tasks that wait", each -> counts.apply(each).queued());
            gauge(
                    "stuck",
                    "Tasks that ignore an interrupt",
                    each -> counts.apply(each).stuck());
            counter(
                    "completed",
                    "Tasks that have run",
                    each -> counts.apply(each).completed());
            counter("rejected", "Tasks refused", each -> counts.apply(each).rejected());
        }

        void gauge(String figure, String description, ToDoubleFunction<P> value) {
            Gauge.builder("spindle.pool." + figure, pool, value)
                    .description(description)
                    .tags(tags())
                    .register(registry);
        }

        void counter(String figure, String description, ToDoubleFunction<P> value) {
            FunctionCounter.builder("spindle.pool." + figure, pool, value)
                    .description(description)
                    .tags(tags())
                    .register(registry);
        }

        void times(String figure, String description, Function<P, DurationHistogram> times) {
            for (String quantile : QUANTILES) {
                double percent = Double.parseDouble(quantile) * 100;
                TimeGauge.builder(
                                "spindle.pool." + figure,
                                pool,
                                TimeUnit.NANOSECONDS,
                                each -> times.apply(each).percentile(percent).toNanos())
                        .description(description)
                        .tags(tags().and("quantile", quantile))
                        .register(registry);
            }
        }

        private Tags tags() {
            return Tags.of("pool", name);
        }
    }
}
