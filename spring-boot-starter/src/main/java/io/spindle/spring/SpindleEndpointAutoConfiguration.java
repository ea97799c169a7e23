// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.WorkerPool;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of {@code /actuator/spindle}: what pools and loops do. Like any endpoint it is exposed by {@code
 * management.endpoints.web.exposure.include} only.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = SpindleAutoConfiguration.class)
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
@ConditionalOnAvailableEndpoint(SpindleEndpoint.class)
@ConditionalOnBooleanProperty(name = "spindle.enabled", matchIfMissing = true)
public final class SpindleEndpointAutoConfiguration {

    /** Called by Spring. */
    public SpindleEndpointAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    SpindleEndpoint spindleEndpoint(
            ObjectProvider<BlockingPool> pools,
            ObjectProvider<WorkerPool> workerPools,
            ObjectProvider<EventLoop> loops) {
        return new SpindleEndpoint(Resources.of(pools, workerPools, loops));
    }
}
