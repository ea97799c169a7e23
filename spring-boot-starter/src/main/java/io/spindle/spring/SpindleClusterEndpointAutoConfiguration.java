// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.WorkerContext;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of {@code /actuator/cluster}: the workers, a reload, another number of them. Like any endpoint it is
 * exposed by {@code management.endpoints.web.exposure.include} only; {@code management.endpoint.cluster.access=read-only}
 * lets nobody change anything.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
@ConditionalOnAvailableEndpoint(ClusterEndpoint.class)
@ConditionalOnBooleanProperty(name = "spindle.enabled", matchIfMissing = true)
public final class SpindleClusterEndpointAutoConfiguration {

    /** Called by Spring. */
    public SpindleClusterEndpointAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    ClusterEndpoint clusterEndpoint(ObjectProvider<WorkerContext> worker) {
        return new ClusterEndpoint(worker);
    }
}
