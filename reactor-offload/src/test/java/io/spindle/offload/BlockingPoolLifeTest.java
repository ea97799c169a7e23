// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class BlockingPoolLifeTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @Test
    void aLoopThatEndsGracefullyGetsWhatItHasAskedFor() throws InterruptedException {
        BlockingPool pool = BlockingPoolSpec.of("graceful").threads(2).start();
        EventLoop loop = EventLoop.create("graceful");
        List<String> log = new CopyOnWriteArrayList<>();
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch ends = new CountDownLatch(1);
        loop.schedule(() -> {
            pool.call(() -> {
                        ends.await();
                        return "value";
                    })
                    .subscribe(log::add, error -> log.add(error.toString()), () -> log.add("call " + loop.inLoop()));
            Flux.range(1, 3)
                    .transform(pool.map(number -> {
                        Spin.until(ends);
                        return number;
                    }))
                    .map(String::valueOf)
                    .subscribe(log::add, error -> log.add(error.toString()), () -> log.add("map " + loop.inLoop()));
            pool.call(() -> {
                        ends.await();
                        throw new IOException("failed");
                    })
                    .subscribe(value -> {}, error -> log.add(error.getMessage()));
            asked.countDown();
        });
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
        loop.disposeGracefully().subscribe();
        ends.countDown();
        loop.onDispose().block(LONG);

        assertThat(log).containsExactlyInAnyOrder("value", "call true", "1", "2", "3", "map true", "failed");
        pool.disposeGracefully().block(LONG);
    }

    @Test
    void threadsStartOnDemandUpToTheLimitAndAllRunAtOnce() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("demand").threads(3).start();
        assertThat(pool.metrics().threads()).isZero();
        Gate gate = new Gate(3);
        List<CompletableFuture<@Nullable Integer>> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(pool.call(gate.then(i)).toFuture());
        }

        gate.awaitArrival(); // three at once, or this times out

        assertThat(pool.metrics().threads()).isEqualTo(3);
        assertThat(pool.metrics().running()).isEqualTo(3);
        assertThat(pool.metrics().queued()).isEqualTo(2);
        gate.open();
        CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
        StepVerifier.create(pool.disposeGracefully()).expectComplete().verify(LONG);
        assertThat(pool.metrics()).isEqualTo(new BlockingPoolMetrics(0, 0, 0, 5, 0, 0));
    }

    @Test
    @DisplayName("O-71: with 3 of 4 threads blocked a call runs, with all 4 it waits until one is free")
    void aCallRunsAsSoonAsAThreadIsFree() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("blocked").threads(4).start();
        Gate three = new Gate(3);
        Gate fourth = new Gate(1);
        AtomicBoolean opened = new AtomicBoolean();
        Flux.range(1, 3).flatMap(i -> pool.call(three.then(i))).subscribe();
        three.awaitArrival();
        StepVerifier.create(pool.call(opened::get))
                .expectNext(false)
                .expectComplete()
                .verify(LONG);
        pool.call(fourth.then(4)).subscribe();
        fourth.awaitArrival();

        CompletableFuture<@Nullable Boolean> next = pool.call(opened::get).toFuture();

        assertThat(pool.metrics().running()).isEqualTo(4);
        assertThat(pool.metrics().queued()).isEqualTo(1);
        assertThat(next).isNotDone();
        opened.set(true);
        fourth.open();
        assertThat(next.get(20, TimeUnit.SECONDS)).isTrue();
        assertThat(pool.metrics().threads()).isEqualTo(4);
        three.open();
        pool.disposeGracefully().block(LONG);
    }

    @Test
    void oneStuckThreadHoldsUpNobodyElse() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("stuck").threads(2).start();
        Gate gate = new Gate(1);
        pool.call(gate.then(0)).subscribe();
        gate.awaitArrival();

        StepVerifier.create(Flux.range(0, 100).concatMap(i -> pool.call(() -> i)))
                .expectNextCount(100)
                .expectComplete()
                .verify(LONG);

        gate.open();
        pool.dispose();
    }

    @Test
    void idleThreadsEndAndThePoolStillWorks() throws Exception {
        List<Thread> threads = new ArrayList<>();
        BlockingPool pool = BlockingPoolSpec.of("idle")
                .threads(2)
                .keepAlive(Duration.ofMillis(1))
                .start();

        for (int i = 0; i < 20; i++) {
            Thread thread = pool.call(Thread::currentThread).block(LONG);
            assertThat(thread).isNotNull();
            threads.add(thread);
            if (i % 2 == 0) {
                thread.join(20_000);
                assertThat(thread.isAlive()).isFalse();
            }
        }

        assertThat(threads.stream().distinct().count()).isGreaterThanOrEqualTo(10);
        pool.dispose();
    }

    @Test
    void nothingIsLostAroundTheEndOfAnIdleThread() {
        BlockingPool pool =
                BlockingPoolSpec.of("zero").threads(2).keepAlive(Duration.ZERO).start();

        StepVerifier.create(Flux.range(0, 20_000)
                        .flatMap(i -> pool.call(() -> i), 3)
                        .count())
                .expectNext(20_000L)
                .expectComplete()
                .verify(Duration.ofSeconds(50));

        pool.dispose();
    }

    @Test
    void disposeFailsWhatWaitsAndInterruptsWhatRuns() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("dispose").threads(1).start();
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> running = pool.call(gate.then(1)).toFuture();
        gate.awaitArrival();
        CompletableFuture<@Nullable Integer> waiting = pool.call(() -> 2).toFuture();

        pool.dispose();
        pool.dispose();

        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
        assertThatThrownBy(() -> running.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(InterruptedException.class);
        assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                        TaskRejectedException.class,
                        error -> assertThat(error.reason()).isEqualTo(TaskRejectedException.Reason.DISPOSED));
        StepVerifier.create(pool.call(() -> 3))
                .expectError(TaskRejectedException.class)
                .verify(LONG);
        assertThatThrownBy(() -> pool.schedule(() -> {})).isInstanceOf(TaskRejectedException.class);
        assertThatThrownBy(pool::init).isInstanceOf(IllegalStateException.class);
        assertThat(pool.isDisposed()).isTrue();
    }

    @Test
    void subscribersThatThrowDoNotKeepTheOthersFromBeingToldAndInterrupted() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("dying").threads(1).start();
        Gate gate = new Gate(1);
        CompletableFuture<Object> running = new CompletableFuture<>();
        pool.call(gate.then("never")).subscribe(running::complete, running::complete);
        gate.awaitArrival();
        for (int i = 0; i < 3; i++) {
            pool.call(() -> 1).subscribe(value -> {}, error -> {
                throw new IllegalStateException("the subscriber's", error);
            });
        }
        CompletableFuture<Object> last = new CompletableFuture<>();
        pool.call(() -> 2).subscribe(last::complete, last::complete);

        pool.dispose();

        assertThat(last.get(20, TimeUnit.SECONDS)).isInstanceOf(TaskRejectedException.class);
        assertThat(running.get(20, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void disposeGracefullyFinishesWhatWasAcceptedAndWhatThatCalls() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("grace").threads(2).start();
        Gate gate = new Gate(2);
        Mono<Integer> nested = pool.call(() -> {
            gate.pass();
            return pool.call(() -> 7).block(LONG);
        });
        CompletableFuture<@Nullable Integer> first = nested.toFuture();
        CompletableFuture<@Nullable Integer> second = nested.toFuture();
        CompletableFuture<@Nullable Integer> waiting = pool.call(() -> 8).toFuture();
        gate.awaitArrival();
        CompletableFuture<@Nullable Void> ended = pool.disposeGracefully().toFuture();

        StepVerifier.create(pool.call(() -> 9))
                .expectError(TaskRejectedException.class)
                .verify(LONG);
        assertThat(ended).isNotDone();
        gate.open();

        assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo(7);
        assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(7);
        assertThat(waiting.get(20, TimeUnit.SECONDS)).isEqualTo(8);
        ended.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aPoolThatGetsNoThreadRefusesTheTask() {
        AtomicBoolean broken = new AtomicBoolean(true);
        BlockingPool pool = DefaultBlockingPool.start(
                BlockingPoolSpec.of("broken").threads(2).settings(), false, (threads, name) -> {
                    if (broken.get()) {
                        throw new OutOfMemoryError("unable to create native thread");
                    }
                    return new PoolThread(threads, name, false);
                });

        StepVerifier.create(pool.call(() -> 1))
                .expectErrorSatisfies(error -> {
                    assertThat(((TaskRejectedException) error).reason())
                            .isEqualTo(TaskRejectedException.Reason.NO_THREAD);
                    assertThat(error).hasCauseInstanceOf(OutOfMemoryError.class);
                })
                .verify(LONG);
        broken.set(false);
        StepVerifier.create(pool.call(() -> 2)).expectNext(2).expectComplete().verify(LONG);
        pool.dispose();
    }

    @Test
    void everySubmissionCompletesOrIsRefusedUnderOverload() {
        BlockingPool pool =
                BlockingPoolSpec.of("overload").threads(2).queueCapacity(100).start();
        AtomicInteger values = new AtomicInteger();
        AtomicInteger refusals = new AtomicInteger();
        CountDownLatch signals = new CountDownLatch(10_000);

        Flux.range(0, 10_000)
                .parallel(2)
                .runOn(Schedulers.parallel())
                .doOnNext(i -> pool.call(() -> i)
                        .doFinally(end -> signals.countDown())
                        .subscribe(value -> values.incrementAndGet(), error -> {
                            assertThat(error).isInstanceOf(TaskRejectedException.class);
                            refusals.incrementAndGet();
                        }))
                .sequential()
                .blockLast(LONG);

        StepVerifier.create(Mono.fromRunnable(() -> awaitAll(signals)).then(pool.disposeGracefully()))
                .expectComplete()
                .verify(LONG);
        assertThat(values.get() + refusals.get()).isEqualTo(10_000);
        assertThat(pool.metrics()).isEqualTo(new BlockingPoolMetrics(0, 0, 0, values.get(), refusals.get(), 0));
    }

    private static void awaitAll(CountDownLatch latch) {
        try {
            Gate.await(latch);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void randomCancelsLeaveNothingBehind() throws Exception {
        BlockingPool pool =
                BlockingPoolSpec.of("cancels").threads(2).queueCapacity(64).start();
        AtomicInteger entered = new AtomicInteger();
        AtomicInteger left = new AtomicInteger();

        for (int i = 0; i < 20_000; i++) {
            int spins = i % 97;
            var call = pool.run(() -> {
                        entered.incrementAndGet();
                        for (int spin = 0; spin < spins; spin++) {
                            Thread.onSpinWait();
                        }
                        left.incrementAndGet();
                    })
                    .subscribe(none -> {}, error -> assertThat(error).isInstanceOf(TaskRejectedException.class));
            if (i % 3 != 0) {
                call.dispose();
            }
        }
        pool.disposeGracefully().toFuture().get(20, TimeUnit.SECONDS);

        assertThat(left.get()).isEqualTo(entered.get()).isPositive();
        assertThat(pool.metrics().queued()).isZero();
        assertThat(pool.metrics().running()).isZero();
        assertThat(pool.metrics().completed()).isEqualTo(entered.get());
    }

    @Test
    void theSharedPoolCannotBeDisposed() {
        BlockingPool shared = BlockingPool.shared();

        shared.dispose();
        StepVerifier.create(shared.disposeGracefully()).expectComplete().verify(LONG);

        assertThat(shared.isDisposed()).isFalse();
        StepVerifier.create(shared.call(() -> Thread.currentThread().getName()))
                .expectNextMatches(name -> name.matches("spindle-default-\\d+"))
                .expectComplete()
                .verify(LONG);
        assertThat(BlockingPool.shared()).isSameAs(shared);
    }

    @Test
    void theSharedPoolsSizeIsThePropertyElseTheVariableElseTenACore() {
        int tenACore = 10 * Runtime.getRuntime().availableProcessors();

        assertThat(SharedBlockingPool.threads("7", "9")).isEqualTo(7);
        assertThat(SharedBlockingPool.threads(null, " 9 ")).isEqualTo(9);
        assertThat(SharedBlockingPool.threads(null, null)).isEqualTo(tenACore);
        assertThat(SharedBlockingPool.threads("0", null)).isEqualTo(tenACore);
        assertThat(SharedBlockingPool.threads("many", "4")).isEqualTo(tenACore);
    }
}
