// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class BlockingPoolSchedulerTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final BlockingPool pool =
            BlockingPoolSpec.of("scheduler").threads(4).queueCapacity(1000).start();

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void itStandsWhereBoundedElasticDoes() {
        StepVerifier.create(Flux.range(0, 10_000)
                        .publishOn(pool)
                        .map(i -> i)
                        .subscribeOn(pool)
                        .collectList())
                .assertNext(list -> assertThat(list).hasSize(10_000).isSorted())
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void aWorkerKeepsTheOrderAndRunsOneAtATime() throws Exception {
        Scheduler.Worker worker = pool.createWorker();
        List<Integer> order = new CopyOnWriteArrayList<>();
        AtomicInteger inside = new AtomicInteger();
        CountDownLatch ran = new CountDownLatch(500);

        for (int i = 0; i < 500; i++) {
            int number = i;
            worker.schedule(() -> {
                assertThat(inside.incrementAndGet()).isEqualTo(1);
                order.add(number);
                inside.decrementAndGet();
                ran.countDown();
            });
        }
        Gate.await(ran);

        assertThat(order).hasSize(500).isSorted();
        worker.dispose();
    }

    @Test
    void aWorkersTasksAreBoundedByTheQueueToo() throws Exception {
        Scheduler.Worker worker = pool.createWorker();
        Gate gate = new Gate(1);
        worker.schedule(() -> passQuietly(gate));
        gate.awaitArrival();

        for (int i = 0; i < 1000; i++) {
            worker.schedule(() -> {});
        }

        assertThatThrownBy(() -> worker.schedule(() -> {})).isInstanceOf(TaskRejectedException.class);
        assertThat(pool.metrics().queued()).isEqualTo(1000);
        gate.open();
        StepVerifier.create(pool.disposeGracefully()).expectComplete().verify(LONG);
        assertThat(pool.metrics().queued()).isZero();
        assertThat(pool.metrics().completed()).isEqualTo(1001);
    }

    private static void passQuietly(Gate gate) {
        try {
            gate.pass();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void disposingAWorkerInterruptsItsTaskAndDropsTheRest() throws Exception {
        Scheduler.Worker worker = pool.createWorker();
        Gate gate = new Gate(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicInteger others = new AtomicInteger();
        worker.schedule(() -> {
            try {
                gate.pass();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        gate.awaitArrival();
        worker.schedule(others::incrementAndGet);
        worker.schedule(others::incrementAndGet, 1, TimeUnit.DAYS);

        worker.dispose();

        Gate.await(interrupted);
        assertThatThrownBy(() -> worker.schedule(() -> {})).isInstanceOf(RejectedExecutionException.class);
        assertThatThrownBy(() -> worker.schedule(() -> {}, 1, TimeUnit.SECONDS))
                .isInstanceOf(RejectedExecutionException.class);
        StepVerifier.create(pool.disposeGracefully()).expectComplete().verify(LONG);
        assertThat(others).hasValue(0);
    }

    @Test
    void delaysAndPeriodsRunOnThePool() throws Exception {
        CompletableFuture<String> delayed = new CompletableFuture<>();
        CountDownLatch three = new CountDownLatch(3);

        pool.schedule(() -> delayed.complete(Thread.currentThread().getName()), 5, TimeUnit.MILLISECONDS);
        Disposable periodic = pool.schedulePeriodically(three::countDown, 0, 1, TimeUnit.MILLISECONDS);
        assertThat(delayed.get(20, TimeUnit.SECONDS)).startsWith("scheduler-");
        Gate.await(three);
        periodic.dispose();
        assertThat(periodic.isDisposed()).isTrue();

        StepVerifier.create(Mono.delay(Duration.ofMillis(1), pool))
                .expectNext(0L)
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Flux.interval(Duration.ofMillis(1), pool).take(3))
                .expectNext(0L, 1L, 2L)
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void delaysFollowVirtualTime() {
        BlockingPool virtual = BlockingPoolSpec.of("virtual").threads(1).start();

        StepVerifier.withVirtualTime(() -> Mono.delay(Duration.ofDays(1), virtual))
                .expectSubscription()
                .thenAwait(Duration.ofDays(1))
                .expectNext(0L)
                .expectComplete()
                .verify(LONG);
        virtual.dispose();
    }

    @Test
    void disposingATaskStopsItWaitingOrRunning() throws Exception {
        BlockingPool one = BlockingPoolSpec.of("one").threads(1).start();
        Gate gate = new Gate(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicInteger others = new AtomicInteger();
        Disposable running = one.schedule(() -> {
            try {
                gate.pass();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        gate.awaitArrival();
        Disposable waiting = one.schedule(others::incrementAndGet);
        Disposable delayed = one.schedule(others::incrementAndGet, 1, TimeUnit.DAYS);

        waiting.dispose();
        delayed.dispose();
        running.dispose();

        Gate.await(interrupted);
        assertThat(waiting.isDisposed()).isTrue();
        assertThat(delayed.isDisposed()).isTrue();
        StepVerifier.create(one.disposeGracefully()).expectComplete().verify(LONG);
        assertThat(others).hasValue(0);
    }

    @Test
    void hooksOfReactorSeeEveryTask() {
        ThreadLocal<String> user = new ThreadLocal<>();
        Schedulers.onScheduleHook("user", task -> {
            String present = user.get();
            return () -> {
                user.set(present);
                try {
                    task.run();
                } finally {
                    user.remove();
                }
            };
        });
        try {
            user.set("alice");
            StepVerifier.create(pool.call(user::get))
                    .expectNext("alice")
                    .expectComplete()
                    .verify(LONG);
            StepVerifier.create(Flux.range(0, 3).transform(pool.map(i -> user.get() + i)))
                    .expectNext("alice0", "alice1", "alice2")
                    .expectComplete()
                    .verify(LONG);
            StepVerifier.create(Mono.fromCallable(user::get).subscribeOn(pool))
                    .expectNext("alice")
                    .expectComplete()
                    .verify(LONG);
        } finally {
            Schedulers.resetOnScheduleHook("user");
        }
    }
}
