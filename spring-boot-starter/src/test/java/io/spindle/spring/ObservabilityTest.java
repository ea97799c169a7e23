// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import reactor.core.publisher.Mono;

@ExtendWith(LeakCheck.class)
class ObservabilityTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ApplicationContextRunner context = new ApplicationContextRunner()
            .withPropertyValues("spindle.loop.enabled=true", "management.endpoints.web.exposure.include=spindle")
            .withConfiguration(AutoConfigurations.of(
                    SpindleAutoConfiguration.class,
                    SpindleHealthAutoConfiguration.class,
                    SpindleMetricsAutoConfiguration.class,
                    SpindleEndpointAutoConfiguration.class,
                    MetricsAutoConfiguration.class));

    private static Health health(SpindleHealthIndicator indicator) {
        Health health = indicator.health().block(PATIENCE);
        assertThat(health).isNotNull();
        return health;
    }

    @Test
    void healthIsUpWhilePoolsAndLoopsWork() {
        context.run(started -> assertThat(health(started.getBean(SpindleHealthIndicator.class)))
                .returns(Status.UP, Health::getStatus)
                .satisfies(health -> assertThat(health.getDetails())
                        .containsEntry("loops", Map.of("loop", "answers"))
                        .containsEntry(
                                "pools", Map.of("offload", "0 running, 0 queued", "compute", "0 running, 0 queued"))));
    }

    @Test
    void healthIsDownWhenAPoolHasEnded() {
        context.run(started -> {
            started.getBean(BlockingPool.class).dispose();

            assertThat(health(started.getBean(SpindleHealthIndicator.class)))
                    .returns(Status.DOWN, Health::getStatus)
                    .extracting(health -> health.getDetails().get("pools"))
                    .asString()
                    .contains("offload=ended");
        });
    }

    @Test
    void healthIsDownWhileOneCallbackHoldsTheLoop() {
        context.withPropertyValues("spindle.loop.blocked-threshold=0s").run(started -> {
            CountDownLatch held = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            EventLoop loop = started.getBean(EventLoop.class);
            loop.schedule(() -> {
                held.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            held.await();
            SpindleHealthIndicator indicator = started.getBean(SpindleHealthIndicator.class);

            assertThat(health(indicator).getStatus()).isEqualTo(Status.DOWN);
            assertThat(health(indicator).getDetails()).containsEntry("loops", Map.of("loop", "blocked"));
            go.countDown();
            assertThat(health(indicator).getStatus()).isEqualTo(Status.UP);

            loop.dispose();
            assertThat(health(indicator).getDetails()).containsEntry("loops", Map.of("loop", "ended"));
        });
    }

    @Test
    void healthCanBeTurnedOff() {
        context.withPropertyValues("management.health.spindle.enabled=false")
                .run(started -> assertThat(started).doesNotHaveBean(SpindleHealthIndicator.class));
    }

    @Test
    void poolsAndLoopsHaveMeters() {
        context.withBean(SimpleMeterRegistry.class).run(started -> {
            SimpleMeterRegistry registry = started.getBean(SimpleMeterRegistry.class);
            assertThat(started.getBean(BlockingPool.class).call(() -> 1).block(PATIENCE))
                    .isEqualTo(1);

            assertThat(registry.get("spindle.pool.completed")
                            .tag("pool", "offload")
                            .functionCounter()
                            .count())
                    .isEqualTo(1);
            assertThat(registry.get("spindle.pool.utilization")
                            .tag("pool", "compute")
                            .gauge()
                            .value())
                    .isZero();
            assertThat(registry.get("spindle.loop.utilization")
                            .tag("loop", "loop")
                            .gauge())
                    .isNotNull();
        });
    }

    @Test
    void childProcessesHaveMeters() {
        context.withBean(SimpleMeterRegistry.class).run(started -> {
            SimpleMeterRegistry registry = started.getBean(SimpleMeterRegistry.class);
            double before =
                    registry.get("spindle.process.exited").functionCounter().count();

            assertThat(started.getBean(Commands.class).of("true").exec().block(PATIENCE))
                    .isNotNull();

            assertThat(registry.get("spindle.process.exited").functionCounter().count())
                    .isEqualTo(before + 1);
            assertThat(registry.get("spindle.process.run")
                            .tag("quantile", "1")
                            .timeGauge()
                            .value())
                    .isPositive();
        });
    }

    @Test
    void theEndpointTellsWhatEachDoes() {
        context.run(started -> {
            assertThat(started.getBean(BlockingPool.class).call(() -> 1).block(PATIENCE))
                    .isEqualTo(1);

            Map<String, Object> figures = started.getBean(SpindleEndpoint.class).figures();
            assertThat(figures).containsOnlyKeys("blockingPools", "workerPools", "loops");
            assertThat(figures.get("blockingPools"))
                    .asString()
                    .contains("offload=", "completed=1", "rejected=0", "p99=");
            assertThat(figures.get("workerPools")).asString().contains("compute=", "utilization=0.0");
            assertThat(figures.get("loops")).asString().contains("loop=", "keptAliveBy=", "disposed=false");
        });
    }

    @Test
    void aPlainProcessHasNoCluster() {
        context.withConfiguration(AutoConfigurations.of(SpindleClusterEndpointAutoConfiguration.class))
                .withPropertyValues("management.endpoints.web.exposure.include=cluster")
                .run(started -> {
                    ClusterEndpoint endpoint = started.getBean(ClusterEndpoint.class);
                    assertThat(status(endpoint.status())).isEqualTo(404);
                    assertThat(status(endpoint.change("reload", null))).isEqualTo(404);
                    assertThat(health(started.getBean(SpindleHealthIndicator.class))
                                    .getDetails())
                            .doesNotContainKey("cluster");
                });
    }

    private static int status(Mono<WebEndpointResponse<Object>> answer) {
        WebEndpointResponse<Object> response = answer.block(PATIENCE);
        assertThat(response).isNotNull();
        return response.getStatus();
    }

    @Test
    void theEndpointIsThereWhenExposedOnly() {
        context.withPropertyValues("management.endpoints.web.exposure.include=health")
                .run(started -> assertThat(started).doesNotHaveBean(SpindleEndpoint.class));
    }

    @Test
    void theMasterSwitchTurnsThemOff() {
        context.withPropertyValues("spindle.enabled=false").run(started -> {
            assertThat(started).doesNotHaveBean(SpindleHealthIndicator.class);
            assertThat(started).doesNotHaveBean(SpindleEndpoint.class);
            assertThat(started).doesNotHaveBean("spindleMeters");
        });
    }

    @Test
    void poolsNeedNeitherActuatorNorMicrometer() {
        new ApplicationContextRunner()
                .withClassLoader(new FilteredClassLoader(
                        "io.micrometer", "org.springframework.boot.actuate", "org.springframework.boot.health"))
                .withConfiguration(AutoConfigurations.of(SpindleAutoConfiguration.class))
                .run(started -> assertThat(started).hasSingleBean(BlockingPool.class));
    }
}
