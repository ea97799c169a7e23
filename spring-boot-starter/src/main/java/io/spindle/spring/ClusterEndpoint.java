// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.WorkerContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import reactor.core.publisher.Mono;

/**
 * {@code GET /actuator/cluster}: the workers. {@code POST /actuator/cluster/reload} replaces them one by one, {@code POST
 * /actuator/cluster/scale} with {@code {"workers": 3}} changes their number; both answer when it has begun. Every worker
 * answers the same: it asks the primary. Not found in a plain process.
 */
@Endpoint(id = "cluster")
final class ClusterEndpoint {

    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int ACCEPTED = 202;

    private final ObjectProvider<WorkerContext> worker;

    ClusterEndpoint(ObjectProvider<WorkerContext> worker) {
        this.worker = worker;
    }

    @ReadOperation
    Mono<WebEndpointResponse<Object>> status() {
        return ask(new ClusterAdmin.Question(ClusterAdmin.What.STATUS, 0), WebEndpointResponse.STATUS_OK);
    }

    @WriteOperation
    Mono<WebEndpointResponse<Object>> change(@Selector String operation, @Nullable Integer workers) {
        return switch (operation) {
            case "reload" -> ask(new ClusterAdmin.Question(ClusterAdmin.What.RELOAD, 0), ACCEPTED);
            case "scale" ->
                workers == null || workers < 1
                        ? Mono.just(new WebEndpointResponse<>(
                                "workers must be at least 1, was " + workers, WebEndpointResponse.STATUS_BAD_REQUEST))
                        : ask(new ClusterAdmin.Question(ClusterAdmin.What.SCALE, workers), ACCEPTED);
            default -> Mono.just(new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND));
        };
    }

    private Mono<WebEndpointResponse<Object>> ask(ClusterAdmin.Question question, int status) {
        WorkerContext member = worker.getIfAvailable();
        return member == null
                ? Mono.just(new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND))
                : ClusterAdmin.ask(member, question)
                        .timeout(PATIENCE)
                        .map(answer -> new WebEndpointResponse<>(answer, status));
    }
}
