// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

@ExtendWith(LeakCheck.class)
class BlockingPoolMapTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final BlockingPool pool = BlockingPoolSpec.of("map").threads(4).start();

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    private <T, R> Function<Flux<T>, Flux<R>> map(boolean ordered, Function<T, R> mapper, int concurrency) {
        return ordered ? pool.map(mapper, concurrency) : pool.mapUnordered(mapper, concurrency);
    }

    @Test
    void orderIsKeptThoughTheFirstIsTheSlowest() {
        CountDownLatch lastRan = new CountDownLatch(1);

        StepVerifier.create(Flux.range(1, 4).transform(pool.map(i -> {
                    if (i == 1) {
                        awaitQuietly(lastRan);
                    } else if (i == 4) {
                        lastRan.countDown();
                    }
                    return i * 10;
                })))
                .expectNext(10, 20, 30, 40)
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void unorderedEmitsWhatIsThere() {
        CountDownLatch emitted = new CountDownLatch(3);

        StepVerifier.create(Flux.range(1, 4)
                        .transform(pool.mapUnordered(i -> {
                            if (i == 1) {
                                awaitQuietly(emitted);
                            }
                            return i;
                        }))
                        .doOnNext(i -> emitted.countDown())
                        .skip(3))
                .expectNext(1)
                .expectComplete()
                .verify(LONG);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            Gate.await(latch);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void demandAndConcurrencyBoundWhatIsTaken(boolean ordered) {
        AtomicLong taken = new AtomicLong();
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Flux<Integer> mapped = Flux.range(0, 1000)
                .doOnRequest(taken::addAndGet)
                .transform(map(
                        ordered,
                        i -> {
                            most.accumulateAndGet(now.incrementAndGet(), Math::max);
                            now.decrementAndGet();
                            return i;
                        },
                        3));

        StepVerifier.create(mapped, 0)
                .expectSubscription()
                .then(() -> assertThat(taken).hasValue(3))
                .thenRequest(1)
                .expectNextCount(1)
                .thenRequest(10)
                .expectNextCount(10)
                .then(() -> assertThat(taken.get()).isLessThanOrEqualTo(14))
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(989)
                .expectComplete()
                .verify(LONG);
        assertThat(most.get()).isLessThanOrEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyElementArrivesOnceWithManyAtATime(boolean ordered) {
        for (int round = 0; round < 20; round++) {
            StepVerifier.create(Flux.range(0, 2_000)
                            .publishOn(Schedulers.parallel())
                            .transform(map(ordered, i -> i, 1 + round * 7))
                            .reduce(0L, Long::sum))
                    .expectNext(1_999_000L)
                    .expectComplete()
                    .verify(LONG);
        }
    }

    @Test
    void anErrorOfTheMapperComesAfterTheValuesBeforeItAndStopsTheSource() {
        TestPublisher<Integer> source = TestPublisher.create();

        StepVerifier.create(source.flux().transform(pool.map(i -> 12 / i, 4)))
                .then(() -> source.next(3, 2, 0, 1))
                .expectNext(4, 6)
                .expectError(ArithmeticException.class)
                .verify(LONG);
        source.assertCancelled();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void errorsOfTheSourceAndNullResultsEndIt(boolean ordered) {
        StepVerifier.create(Flux.concat(Flux.just(1, 2), Flux.error(new IllegalStateException("source")))
                        .transform(map(ordered, i -> i, 2)))
                .expectNextCount(2)
                .expectErrorMessage("source")
                .verify(LONG);
        StepVerifier.create(Flux.just(1).<Integer>transform(map(ordered, BlockingPoolMapTest::nothing, 2)))
                .expectErrorMessage("the mapper returned null")
                .verify(LONG);
        StepVerifier.create(Flux.<Integer>empty().transform(map(ordered, i -> i, 2)))
                .expectComplete()
                .verify(LONG);
    }

    @SuppressWarnings({"NullAway", "DataFlowIssue"}) // the mapper's mistake
    private static Integer nothing(Integer any) {
        return null;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cancelInterruptsWhatRunsAndDiscardsEachThingOnce(boolean ordered) throws Exception {
        BlockingPool two = BlockingPoolSpec.of("two").threads(2).start();
        CountDownLatch running = new CountDownLatch(2);
        CountDownLatch interrupted = new CountDownLatch(2);
        Queue<Object> discarded = new ConcurrentLinkedQueue<>();
        TestPublisher<Integer> source = TestPublisher.create();
        Function<Integer, Integer> block = i -> {
            running.countDown();
            try {
                Gate.await(new CountDownLatch(1));
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
            return -i;
        };
        var subscription = source.flux()
                .transform(ordered ? two.map(block, 4) : two.mapUnordered(block, 4))
                .doOnDiscard(Integer.class, discarded::add)
                .subscribe();
        source.next(1, 2, 3, 4);
        Gate.await(running);

        subscription.dispose();

        Gate.await(interrupted);
        source.assertCancelled();
        StepVerifier.create(two.disposeGracefully()).expectComplete().verify(LONG);
        assertThat(discarded).containsExactlyInAnyOrder(-1, -2, 3, 4);
    }

    @Test
    void aFullPoolEndsTheMapWithItsRefusal() throws Exception {
        BlockingPool one =
                BlockingPoolSpec.of("one").threads(1).queueCapacity(1).start();
        Gate gate = new Gate(1);
        one.call(gate.then(1)).subscribe();
        gate.awaitArrival();
        TestPublisher<Integer> source = TestPublisher.create();

        StepVerifier.create(source.flux().transform(one.map(i -> i, 4)))
                .then(() -> source.next(1, 2))
                .then(gate::open)
                .expectNext(1)
                .expectError(TaskRejectedException.class)
                .verify(LONG);

        source.assertCancelled();
        one.dispose();
    }

    @Test
    void aSourceThatIgnoresDemandIsAnError() {
        TestPublisher<Integer> source = TestPublisher.createNoncompliant(TestPublisher.Violation.REQUEST_OVERFLOW);

        StepVerifier.create(source.flux().transform(pool.map(i -> i, 1)), 0)
                .then(() -> source.next(1, 2))
                .thenRequest(1)
                .expectNext(1)
                .expectError(IllegalStateException.class)
                .verify(LONG);
    }
}
