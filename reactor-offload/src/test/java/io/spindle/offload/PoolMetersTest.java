// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class PoolMetersTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Gate gate = new Gate(1);

    @AfterEach
    void closeRegistry() {
        registry.close();
    }

    @Test
    void aBlockingPoolIsReadUnderItsName() throws InterruptedException {
        BlockingPool pool =
                BlockingPoolSpec.of("calls").threads(1).queueCapacity(1).start();
        PoolMeters.of(pool).bindTo(registry);

        Mono<Integer> call = pool.call(gate.then(1));
        Mono<Integer> running = call.cache();
        running.subscribe();
        gate.awaitArrival();
        Mono<Integer> queued = call.cache();
        queued.subscribe();
        StepVerifier.create(call).expectError(TaskRejectedException.class).verify(LONG);

        assertThat(gauge("threads", "calls")).isEqualTo(1);
        assertThat(gauge("running", "calls")).isEqualTo(1);
        assertThat(gauge("queued", "calls")).isEqualTo(1);
        assertThat(count("rejected", "calls")).isEqualTo(1);

        gate.open();
        StepVerifier.create(Mono.when(running, queued).then(pool.disposeGracefully()))
                .expectComplete()
                .verify(LONG);

        assertThat(count("completed", "calls")).isEqualTo(2);
        assertThat(time("wait", "calls")).isEqualTo(pool.waitTimes().max().toNanos());
        assertThat(time("run", "calls")).isEqualTo(pool.runTimes().max().toNanos());
        assertThat(registry.get("spindle.pool.run").timeGauges())
                .extracting(each -> each.getId().getTag("quantile"))
                .containsExactlyInAnyOrder("0.5", "0.99", "0.999", "1");
    }

    @Test
    void aWorkerPoolIsReadUnderItsName() throws InterruptedException {
        WorkerPool pool = WorkerPoolSpec.of("tasks")
                .threads(1, 1)
                .queueCapacity(1)
                .onFull(OnFull.WAIT)
                .start();
        PoolMeters.of(pool).bindTo(registry);

        Mono<Integer> task = pool.run(gate.then(1));
        Mono<Void> three = Mono.when(task, task, task).cache();
        three.subscribe();
        gate.awaitArrival();

        assertThat(gauge("threads", "tasks")).isEqualTo(1);
        assertThat(gauge("running", "tasks")).isEqualTo(1);
        assertThat(gauge("queued", "tasks") + gauge("waiting", "tasks")).isEqualTo(2);
        assertThat(gauge("utilization", "tasks")).isBetween(0.0, 1.0);

        gate.open();
        StepVerifier.create(three.then(pool.disposeGracefully()))
                .expectComplete()
                .verify(LONG);

        assertThat(count("completed", "tasks")).isEqualTo(3);
        assertThat(count("rejected", "tasks")).isZero();
        assertThat(time("wait", "tasks")).isEqualTo(pool.waitTimes().max().toNanos());
        assertThat(time("run", "tasks")).isEqualTo(pool.runTimes().max().toNanos());
    }

    @Test
    void whatIsStuckIsRead() throws InterruptedException {
        BlockingPool pool = BlockingPoolSpec.of("stuck")
                .threads(1)
                .stuckAfter(Duration.ofMillis(1))
                .start();
        PoolMeters.of(pool).bindTo(registry);
        CountDownLatch begun = new CountDownLatch(1);
        AtomicBoolean go = new AtomicBoolean();
        Disposable deaf = pool.run(() -> {
                    begun.countDown();
                    Spin.until(go::get);
                })
                .subscribe();
        Gate.await(begun);
        assertThat(gauge("stuck", "stuck")).isZero();

        deaf.dispose();
        Spin.until(() -> gauge("stuck", "stuck") == 1);

        go.set(true);
        StepVerifier.create(pool.disposeGracefully()).expectComplete().verify(LONG);
        assertThat(gauge("stuck", "stuck")).isZero();
    }

    @Test
    @SuppressWarnings("NullAway") // what is tested
    void thereIsNoBinderForNoPool() {
        assertThatNullPointerException()
                .isThrownBy(() -> PoolMeters.of((BlockingPool) null))
                .withMessage("pool");
        assertThatNullPointerException()
                .isThrownBy(() -> PoolMeters.of((WorkerPool) null))
                .withMessage("pool");
    }

    private double gauge(String figure, String pool) {
        return registry.get("spindle.pool." + figure).tag("pool", pool).gauge().value();
    }

    private double count(String figure, String pool) {
        return registry.get("spindle.pool." + figure)
                .tag("pool", pool)
                .functionCounter()
                .count();
    }

    private long time(String figure, String pool) {
        return Math.round(registry.get("spindle.pool." + figure)
                .tag("pool", pool)
                .tag("quantile", "1")
                .timeGauge()
                .value(TimeUnit.NANOSECONDS));
    }
}
