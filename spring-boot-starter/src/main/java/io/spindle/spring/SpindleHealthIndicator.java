// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.WorkerPool;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Down if a pool or loop has ended, if a loop is held by one callback so long that it does not answer within a second, or
 * if the primary of a cluster does not. Fewer workers than wanted are no illness of the one that answers: it tells of them.
 * A full queue is no illness: it is what the queue is for, and the figures tell.
 */
final class SpindleHealthIndicator extends AbstractReactiveHealthIndicator {

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final String SILENT = "the primary does not answer";

    private final Resources resources;
    private final Mono<ClusterAdmin.Status> cluster;

    /** @param cluster empty in a plain process */
    SpindleHealthIndicator(Resources resources, Mono<ClusterAdmin.Status> cluster) {
        super("the pools and loops cannot be looked at");
        this.resources = resources;
        this.cluster = cluster;
    }

    @Override
    protected Mono<Health> doHealthCheck(Health.Builder builder) {
        return Flux.fromIterable(resources.loops())
                .flatMapSequential(loop -> state(loop).map(state -> Map.entry(loop.name(), state)))
                .collect(LinkedHashMap<String, String>::new, (all, each) -> all.put(each.getKey(), each.getValue()))
                .map(loops -> health(builder, loops))
                .then(cluster.timeout(PATIENCE, Schedulers.parallel())
                        .map(SpindleHealthIndicator::text)
                        .onErrorReturn(SILENT)
                        .doOnNext(text -> addCluster(builder, text)))
                .then(Mono.fromSupplier(builder::build));
    }

    private static String text(ClusterAdmin.Status status) {
        return status.serving() + " of " + status.wanted() + " workers ready, primary " + status.primary();
    }

    private static void addCluster(Health.Builder builder, String text) {
        builder.withDetail("cluster", text);
        if (text.equals(SILENT)) {
            builder.down();
        }
    }

    /** The answer comes on another thread: one that waits for a loop must not be a loop. */
    private static Mono<String> state(EventLoop loop) {
        if (loop.isDisposed()) {
            return Mono.just("ended");
        }
        return Mono.fromCallable(() -> "answers")
                .subscribeOn(loop)
                .timeout(PATIENCE, Schedulers.parallel())
                .onErrorResume(TimeoutException.class, late -> Mono.just("blocked"))
                .onErrorReturn("ended");
    }

    private Health.Builder health(Health.Builder builder, Map<String, String> loops) {
        Map<String, String> pools = new LinkedHashMap<>();
        for (BlockingPool pool : resources.pools()) {
            var now = pool.metrics();
            pools.put(pool.name(), state(pool.isDisposed(), now.running(), now.queued()));
        }
        for (WorkerPool pool : resources.workerPools()) {
            var now = pool.metrics();
            pools.put(pool.name(), state(pool.isDisposed(), now.running(), now.queued()));
        }
        boolean up = !pools.containsValue("ended") && loops.values().stream().allMatch("answers"::equals);
        builder.withDetail("pools", pools);
        if (!loops.isEmpty()) {
            builder.withDetail("loops", loops);
        }
        return up ? builder.up() : builder.down();
    }

    private static String state(boolean ended, int running, int queued) {
        return ended ? "ended" : running + " running, " + queued + " queued";
    }
}
