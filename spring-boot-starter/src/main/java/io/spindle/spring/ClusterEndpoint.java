// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.ClusterMeter;
import io.spindle.cluster.PrometheusPage;
import io.spindle.cluster.WorkerContext;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.util.MimeType;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * {@code GET /actuator/cluster}: the workers. {@code GET /actuator/cluster/meters} and {@code /prometheus}: the meters of all
 * workers, added up, as JSON and as a page for Prometheus. {@code POST /actuator/cluster/reload} replaces them one by one, {@code POST
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

    @ReadOperation
    Mono<WebEndpointResponse<Object>> look(@Selector String what) {
        WorkerContext member = worker.getIfAvailable();
        boolean isPage = what.equals("prometheus");
        if (member == null || !(isPage || what.equals("meters"))) {
            return Mono.just(new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND));
        }
        return ClusterAdmin.meters(member)
                .timeout(PATIENCE)
                .publishOn(Schedulers.boundedElastic())
                .map(meters -> isPage ? page(meters) : new WebEndpointResponse<>(meters));
    }

    private static WebEndpointResponse<Object> page(List<ClusterMeter> meters) {
        try {
            return new WebEndpointResponse<>(PrometheusPage.of(meters), MimeType.valueOf(PrometheusPage.CONTENT_TYPE));
        } catch (NoClassDefFoundError missing) {
            return new WebEndpointResponse<>(
                    "a page needs io.micrometer:micrometer-registry-prometheus on the class path",
                    WebEndpointResponse.STATUS_NOT_FOUND);
        }
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
