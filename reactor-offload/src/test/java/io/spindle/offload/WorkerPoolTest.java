// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

@ExtendWith(LeakCheck.class)
class WorkerPoolTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration DAY = Duration.ofDays(1);

    @RegisterExtension
    private final WorkerPools pools = new WorkerPools();

    @Test
    void aTaskRunsOnTheThreadsOfThePoolAndComesHome() {
        WorkerPool pool = pools.start(WorkerPoolSpec.of("cpu"));
        List<Object> log = new ArrayList<>();

        EventLoop.run(loop -> pool.run(() -> Thread.currentThread().getName())
                .subscribe(name -> log.add(name + " " + loop.inLoop())));

        assertThat(log).containsExactly("cpu-1 true");
        assertThat(pool.maxThreads()).isEqualTo(Runtime.getRuntime().availableProcessors());
    }

    @Test
    void aThreadIsReplacedAfterSoManyTasks() {
        WorkerPool pool = pools.start(WorkerPools.single().recycleAfter(3));

        List<@Nullable String> names = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            names.add(pool.run(() -> Thread.currentThread().getName()).block(LONG));
        }

        assertThat(names).containsExactly("cpu-1", "cpu-1", "cpu-1", "cpu-2", "cpu-2", "cpu-2", "cpu-3", "cpu-3");
    }

    @Test
    void replacingThreadsLosesNoneOfTheTasksThatWait() {
        WorkerPool pool = pools.start(WorkerPoolSpec.of("cpu").threads(2, 4).recycleAfter(1));

        StepVerifier.create(Flux.range(0, 2_000)
                        .publishOn(Schedulers.parallel()) // what a thread of the pool asks for may run there in place
                        .flatMap(i -> pool.run(() -> Thread.currentThread().getName()), 64)
                        .distinct()
                        .count())
                .expectNext(2_000L)
                .expectComplete()
                .verify(LONG);

        Spin.until(() -> pool.metrics().threads() == 2);
    }

    @Test
    void aCancelledTaskIsAskedFirstAndNeedsNoInterrupt() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().grace(DAY));
        CountDownLatch started = new CountDownLatch(1);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Disposable running = pool.run(() -> {
                    started.countDown();
                    while (!WorkerPool.isCancelled()) {
                        Thread.onSpinWait();
                    }
                    return interrupted.complete(Thread.currentThread().isInterrupted());
                })
                .subscribe();
        Gate.await(started);

        running.dispose();

        assertThat(interrupted).succeedsWithin(LONG).isEqualTo(false);
        assertThat(pool.run(WorkerPool::isCancelled).block(LONG)).isFalse();
        assertThat(WorkerPool.isCancelled()).isFalse();
    }

    @Test
    void whoDoesNotHeedIsInterruptedAfterTheGraceAndTheNextIsNot() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().grace(Duration.ofMillis(5)));
        for (int round = 0; round < 20; round++) {
            CountDownLatch started = new CountDownLatch(1);
            CompletableFuture<String> end = new CompletableFuture<>();
            Disposable running = pool.run(() -> {
                        started.countDown();
                        try {
                            new CountDownLatch(1).await();
                        } catch (InterruptedException e) {
                            end.complete("interrupted");
                            throw e;
                        }
                        return 1;
                    })
                    .subscribe();
            Gate.await(started);

            running.dispose();
            CompletableFuture<@Nullable Boolean> next =
                    pool.run(() -> Thread.currentThread().isInterrupted()).toFuture();

            assertThat(end).succeedsWithin(LONG).isEqualTo("interrupted");
            assertThat(next).succeedsWithin(LONG).isEqualTo(false);
        }
    }

    @Test
    void theInterruptOfATaskThatEndedWithinItsGraceNeverHitsTheNext() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().grace(Duration.ofNanos(200_000)));
        AtomicInteger hits = new AtomicInteger();
        for (int round = 0; round < 300; round++) {
            CountDownLatch started = new CountDownLatch(1);
            Disposable running = pool.run(() -> {
                        started.countDown();
                        while (!WorkerPool.isCancelled()) {
                            Thread.onSpinWait();
                        }
                        return 1;
                    })
                    .subscribe();
            Gate.await(started);
            running.dispose();
            Boolean hit = pool.run(() -> {
                        long end = System.nanoTime() + 300_000; // past the grace of the one before
                        boolean interrupted = false;
                        while (System.nanoTime() < end) {
                            interrupted |= Thread.currentThread().isInterrupted();
                        }
                        return interrupted;
                    })
                    .block(LONG);
            if (Boolean.TRUE.equals(hit)) {
                hits.incrementAndGet();
            }
        }

        assertThat(hits).hasValue(0);
    }

    @Test
    void theTimeoutCountsFromTheStartOfTheRun() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().grace(Duration.ZERO));
        Gate gate = new Gate(1);
        TaskOptions limited = TaskOptions.defaults().timeout(Duration.ofMillis(600));
        pool.run(gate.then(0)).subscribe();
        gate.awaitArrival();
        CompletableFuture<@Nullable Integer> quick = pool.run(() -> 1, limited).toFuture();
        CompletableFuture<@Nullable Object> slow = pool.run(
                        () -> {
                            new CountDownLatch(1).await();
                            return null;
                        },
                        limited)
                .toFuture();
        Mono.delay(Duration.ofMillis(700)).block(LONG); // longer than the limit

        gate.open();

        assertThat(quick).succeedsWithin(LONG).isEqualTo(1);
        assertThat(slow)
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(TimeoutException.class)
                .withMessageContaining("600 ms");
    }

    @Test
    void mapKeepsTheOrderAndMapUnorderedLosesNothing() {
        WorkerPool pool = pools.start(
                WorkerPoolSpec.of("cpu").threads(2, 4).queueCapacity(1).onFull(OnFull.WAIT));

        StepVerifier.create(
                        Flux.range(0, 10_000).transform(pool.map(i -> i * 2)).collectList())
                .assertNext(all -> assertThat(all).hasSize(10_000).isSorted())
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Flux.range(0, 10_000)
                        .transform(pool.<Integer, Integer>mapUnordered(i -> i * 2))
                        .distinct()
                        .count())
                .expectNext(10_000L)
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void anInterruptThatATaskRestoresIsNotTheNextOnes() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single());
        Gate gate = new Gate(1);
        CompletableFuture<?> busy = pool.run(gate.then("busy")).toFuture();
        gate.awaitArrival();
        CompletableFuture<?> first = pool.run(() -> {
                    Thread.currentThread().interrupt();
                    return "first";
                })
                .toFuture();
        CompletableFuture<?> second = pool.run(() -> List.of(Thread.interrupted(), WorkerPool.isCancelled()))
                .toFuture();
        gate.open();

        assertThat(busy).succeedsWithin(LONG);
        assertThat(first).succeedsWithin(LONG);
        assertThat(second).succeedsWithin(LONG).isEqualTo(List.of(false, false));
    }

    @Test
    void theTimeLimitHoldsForEachElementOfAMapInItsTurn() {
        VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
        Schedulers.parallel(); // of two threads that are the first to ask, one would end the virtual time
        try {
            WorkerPool pool = pools.start(WorkerPoolSpec.of("cpu").threads(4, 4).grace(Duration.ZERO));
            TaskOptions limited = TaskOptions.defaults().timeout(Duration.ofMillis(200));
            Gate ordered = new Gate(1);
            Gate unordered = new Gate(1);

            StepVerifier.create(Flux.range(0, 1_000).transform(pool.map(blockingAtTwo(ordered), 4, limited)))
                    .expectNext(0, 1)
                    .then(() -> passAfterArrival(ordered, time))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(TimeoutException.class)
                            .hasMessage("a call on pool cpu ran for more than 200 ms and was interrupted"))
                    .verify(LONG);
            StepVerifier.create(Flux.just(2).transform(pool.mapUnordered(blockingAtTwo(unordered), 4, limited)))
                    .then(() -> passAfterArrival(unordered, time))
                    .expectError(TimeoutException.class)
                    .verify(LONG);

            assertThat(Flux.range(3, 100)
                            .transform(pool.map(blockingAtTwo(ordered), 4, limited))
                            .count()
                            .block(LONG))
                    .as("the threads are free again")
                    .isEqualTo(100);
        } finally {
            VirtualTimeScheduler.reset();
        }
    }

    @Test
    void aTimeLimitThatCannotBeCountedIsTheError() {
        WorkerPool pool = pools.start(WorkerPools.single());
        TaskOptions limited = TaskOptions.defaults().timeout(Duration.ofDays(1));
        Schedulers.onScheduleHook("broken", task -> {
            if (PoolThread.current() != null) {
                throw new IllegalStateException("no timer");
            }
            return task;
        });
        try {
            StepVerifier.create(pool.run(() -> 1, limited))
                    .expectErrorMessage("no timer")
                    .verify(LONG);
            StepVerifier.create(Flux.just(1).transform(pool.map(i -> i, 1, limited)))
                    .expectErrorMessage("no timer")
                    .verify(LONG);
        } finally {
            Schedulers.resetOnScheduleHook("broken");
        }
        assertThat(pool.run(() -> "next").block(LONG)).isEqualTo("next");
    }

    private static Function<Integer, Integer> blockingAtTwo(Gate neverOpened) {
        return i -> {
            try {
                if (i == 2) {
                    neverOpened.pass();
                }
            } catch (InterruptedException stopped) {
                throw Exceptions.propagate(stopped);
            }
            return i;
        };
    }

    private static void passAfterArrival(Gate gate, VirtualTimeScheduler time) {
        try {
            gate.awaitArrival();
        } catch (InterruptedException error) {
            throw new AssertionError(error);
        }
        time.advanceTimeBy(Duration.ofMillis(200));
    }

    @Test
    void drainCompletesWhenNothingIsLeftAndThePoolGoesOn() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single());
        StepVerifier.create(pool.drain()).expectComplete().verify(LONG);
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> running = pool.run(gate.then(1)).toFuture();
        gate.awaitArrival();
        CompletableFuture<@Nullable Integer> waiting = pool.run(() -> 2).toFuture();
        CompletableFuture<@Nullable Void> drained = pool.drain().toFuture();
        assertThat(drained).isNotDone();

        gate.open();

        assertThat(drained).succeedsWithin(LONG);
        assertThat(running).isDone();
        assertThat(waiting).isDone();
        assertThat(pool.run(() -> 3).block(LONG)).isEqualTo(3);
    }

    @Test
    void resizingTakesEffectAtOnce() throws Exception {
        WorkerPool pool = pools.start(WorkerPoolSpec.of("cpu").threads(2, 2));
        assertThat(pool.metrics().threads()).isEqualTo(2);
        pool.resize(4, 4);
        Gate four = new Gate(4);
        List<CompletableFuture<Integer>> all = IntStream.range(0, 4)
                .mapToObj(i -> pool.run(four.then(i)).toFuture())
                .toList();
        four.awaitArrival(); // all at once
        pool.resize(1, 1);
        four.open();
        all.forEach(each -> assertThat(each).succeedsWithin(LONG));

        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        while (pool.metrics().threads() > 1) {
            pool.run(() -> 1).block(LONG); // the others see it as soon as they have delivered
        }
        Flux.range(0, 100)
                .flatMap(i -> pool.run(() -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    return running.decrementAndGet();
                }))
                .blockLast(LONG);
        assertThat(most).hasValue(1);
        assertThat(pool.metrics().threads()).isEqualTo(1);
        assertThatThrownBy(() -> pool.resize(2, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void idleThreadsEndAndTheMinimumStays() {
        WorkerPool pool = pools.start(WorkerPoolSpec.of("cpu").threads(1, 4).idleTimeout(Duration.ZERO));
        for (int round = 0; round < 200; round++) {
            assertThat(Flux.range(0, 8).flatMap(i -> pool.run(() -> i)).count().block(LONG))
                    .isEqualTo(8);
        }
        while (pool.metrics().threads() > 1) {
            Thread.onSpinWait();
        }
        assertThat(pool.run(() -> "alive").block(LONG)).isEqualTo("alive");
    }

    @Test
    void whatIsMeasuredIsThere() {
        WorkerPool pool = pools.start(WorkerPools.single());
        Flux.range(0, 100).concatMap(i -> pool.run(() -> i)).blockLast(LONG);
        pool.drain().block(LONG);

        assertThat(pool.waitTimes().count()).isEqualTo(100);
        assertThat(pool.runTimes().count()).isEqualTo(100);
        assertThat(pool.runTimes().percentile(50))
                .isBetween(Duration.ofNanos(1), pool.runTimes().max());
        assertThat(pool.metrics().completed()).isEqualTo(100);
        assertThat(pool.metrics().utilization()).isBetween(0.0, 1.0).isPositive();
    }

    @Test
    void tasksRunAtTheirPlaceWhichIsReplacedWhenLostAndClosedAtTheEnd() {
        AtomicInteger opened = new AtomicInteger();
        AtomicInteger closed = new AtomicInteger();
        WorkerPool pool = pools.start(WorkerPools.single().places(name -> new CountingPlace(opened, closed)));

        assertThat(pool.run(() -> 1).block(LONG)).isEqualTo(1);
        assertThat(pool.run(() -> 2).block(LONG)).isEqualTo(2);
        assertThat(opened).hasValue(1);
        StepVerifier.create(pool.run(() -> {
                    throw new IllegalStateException("crash");
                }))
                .expectErrorMessage("crash")
                .verify(LONG);
        assertThat(Flux.just(3).transform(pool.map(i -> i)).blockLast(LONG)).isEqualTo(3);
        assertThat(opened).hasValue(2);

        pool.disposeGracefully().block(LONG);
        while (closed.get() < 2) {
            Thread.onSpinWait();
        }
    }

    private static final class CountingPlace implements WorkerPlace {

        private final AtomicInteger closed;
        private boolean lost;

        CountingPlace(AtomicInteger opened, AtomicInteger closed) {
            opened.incrementAndGet();
            this.closed = closed;
        }

        @Override
        public <T> @Nullable T run(Callable<? extends @Nullable T> task, Mono<Void> stop) throws Exception {
            try {
                return task.call();
            } catch (IllegalStateException crash) {
                lost = true;
                throw crash;
            }
        }

        @Override
        public boolean isUsable() {
            return !lost;
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }
}
