// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.WorkerContext;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.http.client.ReactorResourceFactory;

/**
 * Auto-configuration of the web server in a worker of a cluster, see {@code spindle.cluster.workers}: it shares its port
 * with the other workers and accepts while the application is ready for traffic. In a process that is no worker it
 * changes nothing. In a worker the {@link WorkerContext} is a bean to inject.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnClass(NettyReactiveWebServerFactory.class)
@ConditionalOnBooleanProperty(name = "spindle.enabled", matchIfMissing = true)
@EnableConfigurationProperties(SpindleClusterProperties.class)
public final class SpindleClusterAutoConfiguration {

    /** Called by Spring. */
    public SpindleClusterAutoConfiguration() {}

    @Bean
    static WorkerServers spindleWorkerServers(
            ObjectProvider<WorkerContext> worker, ObjectProvider<ReactorResourceFactory> factory) {
        return new WorkerServers(worker, factory);
    }
}
