// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.WorkerContext;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.http.client.ReactorResourceFactory;

/** The same for the server on {@code management.server.port}, which is made in a context of its own. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
@ConditionalOnClass(NettyReactiveWebServerFactory.class)
@ConditionalOnBooleanProperty(name = "spindle.enabled", matchIfMissing = true)
class SpindleManagementConfiguration {

    @Bean
    static WorkerServers spindleManagementServers(
            ObjectProvider<WorkerContext> worker, ObjectProvider<ReactorResourceFactory> factory) {
        return new WorkerServers(worker, factory);
    }
}
