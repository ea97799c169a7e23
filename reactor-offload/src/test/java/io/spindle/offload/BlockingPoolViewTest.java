// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class BlockingPoolViewTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final BlockingPool pool = BlockingPoolSpec.of("whole").threads(4).start();
    private final BlockingPool view = pool.view("half", 2);

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void aViewTakesNoMoreThanItsThreads() throws Exception {
        Gate gate = new Gate(2);
        for (int i = 0; i < 4; i++) {
            view.call(gate.then(i)).subscribe();
        }
        gate.awaitArrival();

        assertThat(view.metrics()).isEqualTo(new BlockingPoolMetrics(2, 2, 2, 0, 0, 0));
        StepVerifier.create(pool.call(() -> "others run"))
                .expectNext("others run")
                .expectComplete()
                .verify(LONG);

        gate.open();
        StepVerifier.create(view.disposeGracefully()).expectComplete().verify(LONG);
        assertThat(view.metrics().completed()).isEqualTo(4);
    }

    @Test
    void manyTasksNeverExceedTheView() {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();

        StepVerifier.create(Flux.range(0, 5_000)
                        .flatMap(
                                i -> view.call(() -> {
                                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                                    Thread.onSpinWait();
                                    now.decrementAndGet();
                                    return i;
                                }),
                                64)
                        .count())
                .expectNext(5_000L)
                .expectComplete()
                .verify(LONG);

        assertThat(most.get()).isBetween(1, 2);
    }

    @Test
    void callsFromAllThreadsOfThePoolDoNotExceedTheViewEither() {
        BlockingPool one = pool.view("one", 1);
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();

        StepVerifier.create(Flux.range(0, 2_000)
                        .flatMap(
                                i -> pool.call(() -> one.call(() -> {
                                            most.accumulateAndGet(now.incrementAndGet(), Math::max);
                                            Thread.onSpinWait();
                                            now.decrementAndGet();
                                            return i;
                                        })
                                        .block(LONG)),
                                16)
                        .count())
                .expectNext(2_000L)
                .expectComplete()
                .verify(LONG);

        assertThat(most).hasValue(1);
        StepVerifier.create(one.disposeGracefully()).expectComplete().verify(LONG);
    }

    @Test
    void aViewAndItsPoolThatCallEachOtherOnTheirOnlyThreadDoNotWaitForEver() {
        BlockingPool single = BlockingPoolSpec.of("single").threads(1).start();
        BlockingPool one = single.view("one", 1);

        StepVerifier.create(Flux.range(0, 500)
                        .flatMap(
                                i -> one.call(() -> single.call(
                                                () -> one.call(() -> i).block(LONG))
                                        .block(LONG)),
                                16)
                        .count())
                .expectNext(500L)
                .expectComplete()
                .verify(LONG);
        single.dispose();
        StepVerifier.create(single.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void aCallInPlaceThatCallsItsViewAgainDoesNotWaitForItselfAlthoughAThreadIsFreeByNow() throws Exception {
        BlockingPool two = BlockingPoolSpec.of("two").threads(2).start();
        BlockingPool one = two.view("one", 1);
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable String> other = two.call(gate.then("other")).toFuture();
        gate.awaitArrival();

        StepVerifier.create(two.call(() -> one.call(() -> {
                            gate.open();
                            other.get(20, TimeUnit.SECONDS); // its thread falls asleep now, during one of these calls
                            int sum = 0;
                            for (int i = 0; i < 1_000; i++) {
                                sum += Objects.requireNonNull(one.call(() -> 1).block(LONG));
                            }
                            return sum;
                        })
                        .block(LONG)))
                .expectNext(1_000)
                .expectComplete()
                .verify(LONG);
        two.dispose();
        StepVerifier.create(two.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void disposingAViewLeavesThePoolAlone() throws Exception {
        Gate gate = new Gate(2);
        CompletableFuture<@Nullable Integer> first = view.call(gate.then(1)).toFuture();
        CompletableFuture<@Nullable Integer> second = view.call(gate.then(2)).toFuture();
        gate.awaitArrival();
        CompletableFuture<@Nullable Integer> waiting = view.call(() -> 3).toFuture();

        view.dispose();
        assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(TaskRejectedException.class);
        StepVerifier.create(view.call(() -> 4))
                .expectError(TaskRejectedException.class)
                .verify(LONG);
        gate.open();

        assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(2);
        StepVerifier.create(view.onDispose()).expectComplete().verify(LONG);
        StepVerifier.create(pool.call(() -> 5)).expectNext(5).expectComplete().verify(LONG);
    }

    @Test
    void disposingThePoolEndsItsViewsTasks() throws Exception {
        Gate gate = new Gate(2);
        view.call(gate.then(1)).subscribe(value -> {}, error -> {});
        view.call(gate.then(2)).subscribe(value -> {}, error -> {});
        gate.awaitArrival();
        CompletableFuture<@Nullable Integer> waiting = view.call(() -> 3).toFuture();

        pool.dispose();

        assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(TaskRejectedException.class);
        assertThat(view.isDisposed()).isTrue();
    }

    @Test
    void aNestedCallInAFullViewRunsInPlace() {
        BlockingPool one = pool.view("one", 1);

        StepVerifier.create(one.call(() -> one.call(() -> 7).block(LONG)))
                .expectNext(7)
                .expectComplete()
                .verify(LONG);
    }
}
