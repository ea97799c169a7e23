// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.WorkerContext;
import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.WorkerPool;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.context.annotation.Bean;
import reactor.core.publisher.Mono;

/**
 * Auto-configuration of the health of pools and loops, the user's own included. Off with {@code
 * management.health.spindle.enabled=false}.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = SpindleAutoConfiguration.class, before = HealthContributorAutoConfiguration.class)
@ConditionalOnClass({Health.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnEnabledHealthIndicator("spindle")
@ConditionalOnBooleanProperty(name = "spindle.enabled", matchIfMissing = true)
public final class SpindleHealthAutoConfiguration {

    /** Called by Spring. */
    public SpindleHealthAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(name = {"spindleHealthIndicator", "spindleHealthContributor"})
    SpindleHealthIndicator spindleHealthIndicator(
            ObjectProvider<BlockingPool> pools,
            ObjectProvider<WorkerPool> workerPools,
            ObjectProvider<EventLoop> loops,
            ObjectProvider<WorkerContext> worker) {
        return new SpindleHealthIndicator(
                Resources.of(pools, workerPools, loops),
                Mono.defer(() -> Mono.justOrEmpty(worker.getIfAvailable()).flatMap(ClusterAdmin::status)));
    }
}
