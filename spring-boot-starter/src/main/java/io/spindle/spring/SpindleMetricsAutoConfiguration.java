// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.spindle.cluster.ClusterMeters;
import io.spindle.cluster.WorkerContext;
import io.spindle.loop.EventLoop;
import io.spindle.loop.LoopMeters;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.PoolMeters;
import io.spindle.offload.WorkerPool;
import io.spindle.process.ProcessMeters;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.micrometer.metrics.autoconfigure.MeterRegistryCustomizer;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the meters {@code spindle.pool.*} and {@code spindle.loop.*} of all pools and loops, the user's own
 * included, and {@code spindle.process.*} of all child processes. In a worker of a cluster all meters are tagged
 * {@code worker} with its place, which its replacement inherits, and published to the primary, which adds up those of all workers.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = SpindleAutoConfiguration.class)
@ConditionalOnClass({MeterRegistry.class, MeterRegistryCustomizer.class})
@ConditionalOnBooleanProperty(name = "spindle.enabled", matchIfMissing = true)
public final class SpindleMetricsAutoConfiguration {

    /** Called by Spring. */
    public SpindleMetricsAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(name = "spindleMeters")
    MeterBinder spindleMeters(
            ObjectProvider<BlockingPool> pools,
            ObjectProvider<WorkerPool> workerPools,
            ObjectProvider<EventLoop> loops) {
        return registry -> {
            pools.orderedStream().map(PoolMeters::of).forEach(meters -> meters.bindTo(registry));
            workerPools.orderedStream().map(PoolMeters::of).forEach(meters -> meters.bindTo(registry));
            loops.orderedStream().map(LoopMeters::of).forEach(meters -> meters.bindTo(registry));
            ProcessMeters.create().bindTo(registry);
        };
    }

    /** Of several registries the primary one is read, which Boot makes of all. */
    @Bean
    SmartInitializingSingleton spindleClusterMeters(
            ObjectProvider<WorkerContext> worker, ObjectProvider<MeterRegistry> registries) {
        return () -> worker.ifAvailable(
                member -> registries.ifAvailable(registry -> ClusterMeters.publish(member, registry)));
    }

    @Bean
    MeterRegistryCustomizer<MeterRegistry> spindleWorkerTag(ObjectProvider<WorkerContext> worker) {
        return registry ->
                worker.ifAvailable(member -> registry.config().commonTags("worker", String.valueOf(member.slot())));
    }
}
