// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;

/** The meters of the workers of {@link ClusterMetersOfWorkersTest}. */
final class Meters {

    private Meters() {}

    static MeterRegistry of(WorkerContext worker) {
        MeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        registry.config().commonTags("worker", String.valueOf(worker.slot()), "app", "test");
        Counter.builder("started").description("Workers").register(registry).increment();
        Gauge.builder("slot", worker, WorkerContext::slot).register(registry);
        Timer timer = Timer.builder("work")
                .serviceLevelObjectives(Duration.ofMillis(10), Duration.ofMillis(100))
                .register(registry);
        timer.record(Duration.ofMillis(5));
        timer.record(Duration.ofMillis(50L * (worker.slot() + 1)));
        DistributionSummary.builder("size").baseUnit("bytes").register(registry).record(worker.slot() + 1);
        worker.onDrain().subscribe(null, null, Counter.builder("left").register(registry)::increment);
        return registry;
    }
}
