// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.WorkerContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/** An ordinary WebFlux application, which the tests start as a user does. It knows of clusters only to say who answers. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
class ClusteredApplication {

    private volatile boolean ready;

    public static void main(String[] args) {
        SpringApplication.run(ClusteredApplication.class, args);
    }

    /** {@code worker pid ready}: 0 as the worker in a plain process. */
    @Bean
    RouterFunction<ServerResponse> routes(ObjectProvider<WorkerContext> worker) {
        int id = Optional.ofNullable(worker.getIfAvailable())
                .map(WorkerContext::id)
                .orElse(0);
        long pid = ProcessHandle.current().pid();
        return RouterFunctions.route()
                .GET("/who", request -> ServerResponse.ok().bodyValue(id + " " + pid + " " + ready))
                .build();
    }

    /** Starts up as long as the file is missing. */
    @Bean
    ApplicationRunner waitsForAFile(@Value("${test.wait-for:}") String file) {
        return arguments -> {
            while (!file.isEmpty() && !Files.exists(Path.of(file))) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
            ready = true;
        };
    }
}
