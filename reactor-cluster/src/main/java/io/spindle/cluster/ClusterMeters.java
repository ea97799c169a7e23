// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * Binds the figures of a cluster, {@link ClusterMetrics}, to a Micrometer registry in the process of its primary; and publishes
 * the meters of workers to their primary. Needs
 * Micrometer on the class path. Nothing is measured for it that the primary does not count anyway; reading is up to the
 * registry.
 *
 * <ul>
 *   <li>{@code spindle.cluster.workers} with {@code state} forked, online, listening, standby, ready, draining and
 *       disconnected: how many there are now
 *   <li>{@code spindle.cluster.wanted}: how many there are to be
 *   <li>{@code spindle.cluster.forks}, {@code spindle.cluster.deaths}, {@code spindle.cluster.recycled}: counters of
 *       workers started, ended unasked, and replaced though they were well
 *   <li>{@code spindle.cluster.reload}: a timer of the reloads that succeeded; {@code spindle.cluster.reload.failed}: a
 *       counter of the others
 *   <li>{@code spindle.cluster.accepted}, {@code spindle.cluster.requests}: counters of connections and requests of all
 *       workers, as of their heartbeats
 *   <li>{@code spindle.cluster.connections}, {@code spindle.cluster.memory}: open connections and resident bytes of all
 *       workers, as of their heartbeats
 * </ul>
 *
 * @since 0.1.0
 */
public final class ClusterMeters implements MeterBinder {

    private final Primary primary;

    private ClusterMeters(Primary primary) {
        this.primary = primary;
    }

    /**
     * Makes a binder for one cluster.
     *
     * @param primary the cluster to bind; the registry holds it weakly
     */
    public static ClusterMeters of(Primary primary) {
        return new ClusterMeters(Objects.requireNonNull(primary, "primary"));
    }

    /**
     * Publishes the meters of a worker, to be called in the worker: {@link Primary#meters()} adds up those of all. A tag
     * {@code worker} of them is left out of what is added up. Publishing the same registry again does nothing; an application of
     * Spring Boot publishes its own by itself.
     *
     * @param worker this process
     * @param registry read whenever somebody asks the primary; one that counts from the start on, as those for Prometheus and
     *     {@code SimpleMeterRegistry} do, or a composite with such a one. The buckets of histograms are told by that for Prometheus
     *     only; the others keep them for a while
     * @return takes it back
     * @throws IllegalArgumentException if the registry counts by intervals
     */
    public static Disposable publish(WorkerContext worker, MeterRegistry registry) {
        return worker.publishMeters(new MeterReader(registry));
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Binding binding = new Binding(primary, registry);
        for (WorkerState state : WorkerState.values()) {
            if (state != WorkerState.DEAD) {
                binding.workers(state);
            }
        }
        binding.gauge("wanted", "Workers that are to be", null, ClusterMetrics::wanted);
        binding.gauge("connections", "Open connections", null, ClusterMetrics::connections);
        binding.gauge("memory", "Resident memory of all workers", "bytes", ClusterMetrics::residentBytes);
        binding.counter("forks", "Workers started", ClusterMetrics::forks);
        binding.counter("deaths", "Workers that ended unasked", ClusterMetrics::deaths);
        binding.counter("recycled", "Workers replaced though they were well", ClusterMetrics::recycled);
        binding.counter("accepted", "Connections accepted", ClusterMetrics::accepted);
        binding.counter("requests", "Requests", ClusterMetrics::requests);
        binding.counter("reload.failed", "Reloads that failed", ClusterMetrics::failedReloads);
        binding.reload();
    }

    private record Binding(Primary primary, MeterRegistry registry) {

        void workers(WorkerState state) {
            Gauge.builder(
                            name("workers"),
                            primary,
                            each -> each.metrics().workers().getOrDefault(state, 0))
                    .description("Workers by state")
                    .tags(Tags.of("state", state.name().toLowerCase(Locale.ROOT)))
                    .register(registry);
        }

        void gauge(String figure, String description, @Nullable String unit, ToDoubleFunction<ClusterMetrics> value) {
            Gauge.builder(name(figure), primary, each -> value.applyAsDouble(each.metrics()))
                    .description(description)
                    .baseUnit(unit)
                    .register(registry);
        }

        void counter(String figure, String description, ToDoubleFunction<ClusterMetrics> value) {
            FunctionCounter.builder(name(figure), primary, each -> value.applyAsDouble(each.metrics()))
                    .description(description)
                    .register(registry);
        }

        void reload() {
            FunctionTimer.builder(
                            name("reload"),
                            primary,
                            each -> each.metrics().reloads(),
                            each -> each.metrics().reloadTime().toNanos(),
                            TimeUnit.NANOSECONDS)
                    .description("Reloads that succeeded")
                    .register(registry);
        }

        private static String name(String figure) {
            return "spindle.cluster." + figure;
        }
    }
}
