// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

@ExtendWith(LeakCheck.class)
class ClusterMetersTest {

    private static final int WANTED = 3;

    private final EventLoop loop = EventLoopSpec.of("counts").start();
    private final Counts counts = new Counts();
    private final List<Place> places = new Places(RestartPolicy.defaults()).growTo(WANTED);
    private int lastId;

    @AfterEach
    void stop() {
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    private DefaultClusterWorker worker() {
        DefaultClusterWorker worker = new DefaultClusterWorker(
                ++lastId, 0, places.get(0), new Events(), loop, PrimarySpec.create(), Fakes.process());
        counts.forked(worker);
        return worker;
    }

    @Test
    void workersAreCountedByStateAndEnd() {
        worker().advance(WorkerState.READY);
        worker().advance(WorkerState.READY);
        worker().advance(WorkerState.DRAINING);
        DefaultClusterWorker left = worker();
        DefaultClusterWorker died = worker();
        left.leaving();
        counts.gone(left);
        counts.gone(died);

        ClusterMetrics metrics = counts.snapshot(WANTED);

        assertThat(metrics.workers())
                .containsEntry(WorkerState.READY, 2)
                .containsEntry(WorkerState.DRAINING, 1)
                .containsEntry(WorkerState.FORKED, 0)
                .doesNotContainKey(WorkerState.DEAD);
        assertThat(metrics.forks()).isEqualTo(5);
        assertThat(metrics.deaths()).isEqualTo(1);
        assertThat(metrics.wanted()).isEqualTo(WANTED);
    }

    @Test
    void reloadsAreCountedByTheirEnd() {
        Sinks.Empty<Void> first = Sinks.empty();
        Mono<Void> done = counts.reload(first.asMono());
        assertThat(counts.snapshot(WANTED).reloads()).isZero();
        first.tryEmitEmpty();
        done.block(Probe.PATIENCE);
        ClusterException reason = new ClusterException("no database");
        assertThatThrownBy(() -> counts.reload(Mono.error(reason)).block(Probe.PATIENCE))
                .isSameAs(reason);
        counts.recycled();

        ClusterMetrics metrics = counts.snapshot(WANTED);

        assertThat(metrics.reloads()).isEqualTo(1);
        assertThat(metrics.reloadTime()).isPositive();
        assertThat(metrics.failedReloads()).isEqualTo(1);
        assertThat(metrics.recycled()).isEqualTo(1);
    }

    @Test
    void eachFigureIsAMeter() {
        ClusterMetrics metrics = new ClusterMetrics(
                WANTED,
                Map.of(WorkerState.READY, 2, WorkerState.FORKED, 1),
                10,
                11,
                12,
                2,
                14,
                Duration.ofSeconds(15),
                16,
                17,
                18,
                19);
        Primary primary = (Primary) Proxy.newProxyInstance(
                Primary.class.getClassLoader(), new Class<?>[] {Primary.class}, (proxy, method, arguments) -> metrics);
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        ClusterMeters.of(primary).bindTo(registry);

        assertThat(registry.get("spindle.cluster.workers")
                        .tag("state", "ready")
                        .gauge()
                        .value())
                .isEqualTo(2);
        assertThat(registry.get("spindle.cluster.workers")
                        .tag("state", "forked")
                        .gauge()
                        .value())
                .isEqualTo(1);
        assertThat(registry.get("spindle.cluster.workers").gauges()).hasSize(WorkerState.values().length - 1);
        assertThat(gauge(registry, "wanted")).isEqualTo(WANTED);
        assertThat(counter(registry, "forks")).isEqualTo(10);
        assertThat(counter(registry, "deaths")).isEqualTo(11);
        assertThat(counter(registry, "recycled")).isEqualTo(12);
        assertThat(counter(registry, "reload.failed")).isEqualTo(14);
        assertThat(counter(registry, "accepted")).isEqualTo(16);
        assertThat(counter(registry, "requests")).isEqualTo(17);
        assertThat(gauge(registry, "connections")).isEqualTo(18);
        assertThat(gauge(registry, "memory")).isEqualTo(19);
        assertThat(registry.get("spindle.cluster.reload").functionTimer().count())
                .isEqualTo(2);
        assertThat(registry.get("spindle.cluster.reload").functionTimer().totalTime(TimeUnit.SECONDS))
                .isEqualTo(15);
        registry.close();
    }

    private static double gauge(SimpleMeterRegistry registry, String figure) {
        return registry.get("spindle.cluster." + figure).gauge().value();
    }

    private static double counter(SimpleMeterRegistry registry, String figure) {
        return registry.get("spindle.cluster." + figure).functionCounter().count();
    }
}
