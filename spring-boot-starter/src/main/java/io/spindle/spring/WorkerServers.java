// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.WorkerContext;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.http.client.ReactorResourceFactory;
import reactor.netty.resources.LoopResources;

/**
 * Lets the web server of a worker share its port. The user's resource factory stays, with its threads: only what it
 * answers to the server is wrapped. A server customizer that calls {@code runOn} would be overridden by Boot.
 */
final class WorkerServers implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory>, Ordered {

    private final ObjectProvider<WorkerContext> worker;
    private final ObjectProvider<ReactorResourceFactory> users;

    WorkerServers(ObjectProvider<WorkerContext> worker, ObjectProvider<ReactorResourceFactory> users) {
        this.worker = worker;
        this.users = users;
    }

    @Override
    public int getOrder() {
        return LOWEST_PRECEDENCE;
    }

    @Override
    public void customize(NettyReactiveWebServerFactory factory) {
        worker.ifAvailable(member -> {
            factory.setResourceFactory(new Shared(member));
            factory.addServerCustomizers(server -> server.childObserve(member.requestCounter()));
        });
    }

    /** Asked by the server each time it starts. */
    private final class Shared extends ReactorResourceFactory {

        private final WorkerContext member;

        Shared(WorkerContext member) {
            this.member = member;
        }

        @Override
        public LoopResources getLoopResources() {
            ReactorResourceFactory own = users.getIfAvailable();
            return own == null ? member.resources() : member.resources(own.getLoopResources());
        }
    }
}
