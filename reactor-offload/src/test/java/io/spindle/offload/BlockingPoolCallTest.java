// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class BlockingPoolCallTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final BlockingPool pool =
            BlockingPoolSpec.of("call").threads(1).queueCapacity(2).start();

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void callRunsOnAThreadThatMayBlockOnceForEachSubscription() {
        AtomicInteger runs = new AtomicInteger();
        Mono<String> call = pool.call(() -> {
            runs.incrementAndGet();
            assertThat(Schedulers.isInNonBlockingThread()).isFalse();
            assertThat(Thread.currentThread().isDaemon()).isTrue();
            return Thread.currentThread().getName();
        });

        assertThat(runs).hasValue(0);
        StepVerifier.create(call).expectNext("call-1").expectComplete().verify(LONG);
        StepVerifier.create(call).expectNext("call-1").expectComplete().verify(LONG);
        assertThat(runs).hasValue(2);
    }

    @Test
    void nothingRunsBeforeTheFirstRequest() {
        AtomicInteger runs = new AtomicInteger();

        StepVerifier.create(pool.call(runs::incrementAndGet), 0)
                .expectSubscription()
                .then(() -> assertThat(pool.metrics().queued()).isZero())
                .thenRequest(1)
                .expectNext(1)
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void nullIsAnEmptyMonoAndRunHasNoValue() {
        AtomicInteger runs = new AtomicInteger();

        StepVerifier.create(pool.<String>call(() -> null)).expectComplete().verify(LONG);
        StepVerifier.create(pool.run(runs::incrementAndGet)).expectComplete().verify(LONG);
        assertThat(runs).hasValue(1);
    }

    @Test
    void whatTheTaskThrowsIsTheErrorEvenIfItIsFatal() {
        StepVerifier.create(pool.call(() -> {
                    throw new IOException("disk on fire");
                }))
                .expectErrorMessage("disk on fire")
                .verify(LONG);
        StepVerifier.create(pool.call(() -> {
                    throw new StackOverflowError("deep");
                }))
                .expectError(StackOverflowError.class)
                .verify(LONG);
        StepVerifier.create(pool.call(() -> "alive"))
                .expectNext("alive")
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void aFullQueueRefusesWithTheNumbersAndWithoutAStackTrace() throws Exception {
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> running = pool.call(gate.then(1)).toFuture();
        gate.awaitArrival();
        CompletableFuture<@Nullable Integer> second = pool.call(() -> 2).toFuture();
        CompletableFuture<@Nullable Integer> third = pool.call(() -> 3).toFuture();

        StepVerifier.create(pool.call(() -> 4))
                .expectErrorSatisfies(error -> {
                    TaskRejectedException refusal = (TaskRejectedException) error;
                    assertThat(refusal.reason()).isEqualTo(TaskRejectedException.Reason.QUEUE_FULL);
                    assertThat(refusal.pool()).isEqualTo("call");
                    assertThat(refusal.queued()).isEqualTo(2);
                    assertThat(refusal.capacity()).isEqualTo(2);
                    assertThat(refusal.getStackTrace()).isEmpty();
                    assertThat(refusal).hasMessageContaining("queueCapacity is 2");
                })
                .verify(LONG);
        assertThat(pool.metrics()).isEqualTo(new BlockingPoolMetrics(1, 1, 2, 0, 1, 0));
        gate.open();

        assertThat(running.get(20, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(2);
        assertThat(third.get(20, TimeUnit.SECONDS)).isEqualTo(3);
        assertThat(pool.metrics().completed()).isEqualTo(3);
    }

    @Test
    void cancelTakesAWaitingCallOutOfTheQueue() throws Exception {
        Gate gate = new Gate(1);
        AtomicInteger runs = new AtomicInteger();
        CompletableFuture<@Nullable Integer> running = pool.call(gate.then(1)).toFuture();
        gate.awaitArrival();

        for (int i = 0; i < 5_000; i++) { // far more than the queue's capacity
            pool.call(runs::incrementAndGet).subscribe().dispose();
        }
        assertThat(pool.metrics().queued()).isZero();
        assertThat(pool.metrics().rejected()).isZero();
        CompletableFuture<@Nullable String> after = pool.call(() -> "after").toFuture();
        gate.open();

        assertThat(running.get(20, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(after.get(20, TimeUnit.SECONDS)).isEqualTo("after");
        assertThat(runs).hasValue(0);
    }

    @Test
    void cancelInterruptsARunningCallAndNotTheNext() throws Exception {
        Gate gate = new Gate(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Disposable call = pool.run(() -> {
                    try {
                        gate.pass();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                    }
                })
                .subscribe();
        gate.awaitArrival();

        call.dispose();

        Gate.await(interrupted);
        StepVerifier.create(pool.call(Thread::interrupted))
                .expectNext(false)
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void theValueOfACancelledCallIsDiscarded() throws Exception {
        Gate gate = new Gate(1);
        CompletableFuture<Object> discarded = new CompletableFuture<>();
        Disposable call = pool.call(() -> {
                    try {
                        gate.pass();
                    } catch (InterruptedException e) {
                        return "too late";
                    }
                    return "in time";
                })
                .doOnDiscard(String.class, discarded::complete)
                .subscribe();
        gate.awaitArrival();

        call.dispose();

        assertThat(discarded.get(20, TimeUnit.SECONDS)).isEqualTo("too late");
    }

    @Test
    void theTimeOutCountsTheRunAndNotTheQueueAndDoesNotWaitForTheCode() throws Exception {
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> first = pool.call(gate.then(1)).toFuture();
        gate.awaitArrival();
        CountDownLatch deaf = new CountDownLatch(1);
        CompletableFuture<@Nullable Integer> second =
                pool.call(() -> 2, Duration.ofSeconds(20)).toFuture();
        AtomicReference<String> signalledOn = new AtomicReference<>();
        Mono<Integer> third = pool.call(
                        () -> {
                            awaitUninterruptibly(deaf);
                            return 3;
                        },
                        Duration.ofMillis(20))
                .doOnError(error -> signalledOn.set(Thread.currentThread().getName()));

        gate.open();
        assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(2);
        StepVerifier.create(third)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TimeoutException.class)
                        .hasMessageContaining("pool call")
                        .hasMessageContaining("20 ms"))
                .verify(LONG);
        assertThat(signalledOn.get()).startsWith("parallel-");
        assertThat(pool.metrics().running()).isEqualTo(1);
        deaf.countDown();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                Gate.await(latch);
            } catch (InterruptedException e) {
                assertThat(e).isNotNull(); // and deaf to it
            }
        }
    }

    @Test
    void aNestedCallThatIsWaitedForDoesNotDeadlockAPoolOfOne() {
        Mono<String> nested = pool.call(() -> pool.call(
                        () -> pool.call(() -> Thread.currentThread().getName()).block(LONG))
                .block(LONG));

        StepVerifier.create(nested).expectNext("call-1").expectComplete().verify(LONG);
        assertThat(pool.metrics().completed()).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    @DisplayName("O-72: a pool of one runs and completes six calls in the order of their submission")
    void aPoolOfOneIsFifo(Transport transport) throws Exception {
        Gate gate = new Gate(1);
        List<Integer> ran = new CopyOnWriteArrayList<>();
        List<Integer> completed = new ArrayList<>();
        BlockingPool six = BlockingPoolSpec.of("six").threads(1).start();
        six.call(gate.then(0)).subscribe();
        gate.awaitArrival();

        transport.run(loop -> {
            for (int i = 0; i < 6; i++) {
                int number = i;
                six.run(() -> ran.add(number)).subscribe(null, null, () -> completed.add(number));
            }
            gate.open();
        });

        assertThat(ran).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(completed).containsExactly(0, 1, 2, 3, 4, 5);
        six.dispose();
    }

    @Test
    @SuppressWarnings("NullAway") // the caller's mistake
    void badArgumentsAreRefusedAtOnce() {
        assertThatThrownBy(() -> pool.call(null)).isInstanceOf(NullPointerException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> pool.call(() -> 1, Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> pool.map(Object::toString, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> BlockingPoolSpec.of(""));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlockingPoolSpec.of("x").threads(0))
                .withMessage("threads must be 1 or more, was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlockingPoolSpec.of("x").queueCapacity(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlockingPoolSpec.of("x").keepAlive(Duration.ofSeconds(-1)));
    }
}
