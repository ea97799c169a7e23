// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/** What becomes of a task whose worker is lost under it. */
@ExtendWith(LeakCheck.class)
class WorkerPoolRetryTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration DAY = Duration.ofDays(1);

    @RegisterExtension
    private final WorkerPools pools = new WorkerPools();

    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger runs = new AtomicInteger();

    private static void assertLostBefore(Throwable error, String... losses) {
        assertThat(error.getSuppressed()).extracting(Throwable::getMessage).containsExactly(losses);
    }

    private WorkerPoolSpec mortal() {
        return WorkerPools.single().places(name -> new MortalPlace());
    }

    /** A task whose worker is lost so many times, then it has a value: how often it was run. */
    private Callable<Integer> losing(int times) {
        return () -> {
            int run = runs.incrementAndGet();
            if (run <= times) {
                throw new Crash();
            }
            return run;
        };
    }

    @Test
    void aTaskIsRunOnceIfNobodyAllowedMore() {
        WorkerPool pool = pools.start(mortal());

        StepVerifier.create(pool.run(losing(1)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(WorkerLostException.class)
                        .hasMessage("worker 1 was lost")
                        .hasNoSuppressedExceptions())
                .verify(LONG);

        assertThat(runs).hasValue(1);
        assertThat(pool.metrics().retried()).isZero();
        assertThat(pool.run(() -> "next").block(LONG)).isEqualTo("next");
    }

    @Test
    void thePoolAllowsItForAllAndATaskForItself() {
        WorkerPool pool = pools.start(mortal().retries(2));

        assertThat(pool.run(losing(2)).block(LONG)).isEqualTo(3);
        assertThat(pool.metrics().retried()).isEqualTo(2);
        assertThat(pool.metrics().completed()).isEqualTo(1);
        assertThat(pool.runTimes().count()).isEqualTo(1);

        runs.set(0);
        StepVerifier.create(pool.run(losing(1), TaskOptions.defaults().retries(0)))
                .expectError(WorkerLostException.class)
                .verify(LONG);
        assertThat(runs).hasValue(1);

        runs.set(0);
        assertThat(pool.run(losing(5), TaskOptions.defaults().retries(5)).block(LONG))
                .isEqualTo(6);
        assertThat(pool.metrics().retried()).isEqualTo(7);
        pool.disposeGracefully().block(LONG);
        Spin.until(() -> closed.get() == opened.get());
        assertThat(opened).hasValue(1 + 2 + 1 + 5); // as many as were lost, and the last
    }

    @Test
    void theLastLossIsTheErrorAndThoseBeforeAreSuppressedInIt() {
        WorkerPool pool = pools.start(mortal());

        StepVerifier.create(pool.run(losing(9), TaskOptions.defaults().retries(2)))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(WorkerLostException.class).hasMessage("worker 3 was lost");
                    assertLostBefore(error, "worker 1 was lost", "worker 2 was lost");
                })
                .verify(LONG);

        assertThat(runs).hasValue(3);
        assertThat(pool.metrics().retried()).isEqualTo(2);
    }

    @Test
    void whatTheTaskThrowsIsNoReason() {
        WorkerPool pool = pools.start(mortal().retries(3));
        WorkerLostException another = new WorkerLostException("the worker of another pool", null);

        StepVerifier.create(pool.run(() -> {
                    runs.incrementAndGet();
                    throw another;
                }))
                .expectErrorSatisfies(error -> assertThat(error).isSameAs(another))
                .verify(LONG);
        StepVerifier.create(pool.run(() -> {
                    if (runs.incrementAndGet() == 2) {
                        throw new Crash();
                    }
                    throw new IOException("its own");
                }))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(IOException.class);
                    assertLostBefore(error, "worker 1 was lost");
                })
                .verify(LONG);

        assertThat(runs).hasValue(3);
    }

    @Test
    void aPlaceThatCannotBeOpenedAgainIsTheError() {
        WorkerPool pool = pools.start(WorkerPools.single().retries(3).places(name -> {
            if (opened.get() == 1) {
                throw new IllegalStateException("no more workers");
            }
            return new MortalPlace();
        }));

        StepVerifier.create(pool.run(losing(9)))
                .expectErrorSatisfies(error -> {
                    assertThat(error).hasMessage("no more workers");
                    assertLostBefore(error, "worker 1 was lost");
                })
                .verify(LONG);
        assertThat(runs).hasValue(1);
    }

    @Test
    void aWorkerThatIsLostWhileItStartsCountsToo() {
        WorkerPool pool = pools.start(WorkerPools.single().retries(1).places(name -> {
            if (opened.incrementAndGet() == 1) {
                closed.incrementAndGet();
                throw new WorkerLostException("it did not start", null);
            }
            return new MortalPlace();
        }));

        assertThat(pool.run(losing(0)).block(LONG)).isEqualTo(1);
        assertThat(pool.metrics().retried()).isEqualTo(1);
    }

    @Test
    void aTaskThatIsCancelledWhileItsNextWorkerStartsIsNotRunAgain() {
        AtomicBoolean mayOpen = new AtomicBoolean();
        WorkerPool pool = pools.start(WorkerPools.single().grace(DAY).retries(3).places(name -> {
            MortalPlace place = new MortalPlace();
            Spin.until(() -> opened.get() == 1 || mayOpen.get());
            return place;
        }));
        List<Throwable> dropped = Collections.synchronizedList(new ArrayList<>());
        Hooks.onErrorDropped(dropped::add);
        try {
            Disposable task = pool.run(losing(1)).subscribe();
            Spin.until(() -> opened.get() == 2);

            task.dispose();
            mayOpen.set(true);

            assertThat(pool.run(() -> "next").block(LONG)).isEqualTo("next");
        } finally {
            Hooks.resetOnErrorDropped();
        }
        assertThat(runs).hasValue(1);
        assertThat(opened).as("the next task has the new worker").hasValue(2);
        assertThat(dropped).isEmpty();
    }

    @Test
    void aTaskThatIsCancelledWhileItsFirstWorkerStartsIsNotRunAtAll() {
        AtomicBoolean mayOpen = new AtomicBoolean();
        WorkerPool pool = pools.start(WorkerPools.single().grace(DAY).places(name -> {
            MortalPlace place = new MortalPlace();
            Spin.until(mayOpen::get);
            return place;
        }));
        Disposable task = pool.run(losing(0)).subscribe();
        Spin.until(() -> opened.get() == 1);

        task.dispose();
        mayOpen.set(true);

        assertThat(pool.run(() -> "next").block(LONG)).isEqualTo("next");
        assertThat(runs).hasValue(0);
    }

    @Test
    void aCancelInterruptsTheSecondRunToo() throws Exception {
        WorkerPool pool = pools.start(mortal().grace(Duration.ZERO).retries(3));
        Gate second = new Gate(1);
        Disposable task = pool.run(() -> {
                    if (runs.incrementAndGet() == 1) {
                        throw new Crash();
                    }
                    second.pass(); // never opened
                    return 1;
                })
                .subscribe();
        second.awaitArrival();

        task.dispose();

        assertThat(pool.run(() -> Thread.currentThread().isInterrupted()).block(LONG))
                .isFalse();
        assertThat(runs).hasValue(2);
    }

    @Test
    void aWorkerThatIsLostByTheStopOfItsTaskIsNoReason() throws Exception {
        WorkerPool pool = pools.start(mortal().grace(Duration.ZERO).retries(3));
        Gate gate = new Gate(1);
        Disposable task = pool.run(() -> {
                    runs.incrementAndGet();
                    try {
                        gate.pass();
                    } catch (InterruptedException stopped) {
                        throw new Crash(stopped);
                    }
                    return 1;
                })
                .subscribe();
        gate.awaitArrival();

        task.dispose();

        assertThat(pool.run(() -> "next").block(LONG)).isEqualTo("next");
        assertThat(runs).hasValue(1);
        assertThat(pool.metrics().retried()).isZero();
    }

    @Test
    void theEndOfThePoolEndsTheRetries() throws Exception {
        WorkerPool pool = pools.start(mortal().retries(3));
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> task = pool.run(() -> {
                    runs.incrementAndGet();
                    try {
                        gate.pass();
                    } catch (InterruptedException stopped) {
                        throw new Crash(stopped);
                    }
                    return 1;
                })
                .toFuture();
        gate.awaitArrival();

        pool.dispose();

        assertThat(task).failsWithin(LONG).withThrowableThat().havingCause().isInstanceOf(WorkerLostException.class);
        assertThat(runs).hasValue(1);
    }

    @Test
    void aTaskIsRejectedIfThePoolEndsWhileItsFirstWorkerStarts() {
        AtomicBoolean mayOpen = new AtomicBoolean();
        WorkerPool pool = pools.start(WorkerPools.single().places(name -> {
            MortalPlace place = new MortalPlace();
            Spin.until(mayOpen::get);
            return place;
        }));
        CompletableFuture<@Nullable Integer> task = pool.run(losing(0)).toFuture();
        Spin.until(() -> opened.get() == 1);

        pool.dispose();
        mayOpen.set(true);

        assertThat(task)
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(
                        TaskRejectedException.class,
                        error -> assertThat(error.reason()).isEqualTo(TaskRejectedException.Reason.DISPOSED));
        assertThat(runs).hasValue(0);
        pool.onDispose().block(LONG);
    }

    @Test
    void aTimeOutEndsTheRetries() throws Exception {
        VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
        Schedulers.parallel(); // of two threads that are the first to ask, one would end the virtual time
        try {
            WorkerPool pool = pools.start(mortal().grace(Duration.ZERO).retries(9));
            Gate second = new Gate(1);
            CompletableFuture<@Nullable Integer> task = pool.<Integer>run(
                            () -> {
                                if (runs.incrementAndGet() > 1) {
                                    second.pass(); // never opened
                                }
                                throw new Crash();
                            },
                            TaskOptions.defaults().timeout(DAY))
                    .toFuture();
            second.awaitArrival();

            time.advanceTimeBy(DAY);

            assertThat(task).failsWithin(LONG).withThrowableThat().havingCause().isInstanceOf(TimeoutException.class);
            assertThat(pool.run(() -> "next").block(LONG)).isEqualTo("next");
            assertThat(runs).hasValue(2);
            assertThat(pool.metrics().retried()).isEqualTo(1);
        } finally {
            VirtualTimeScheduler.reset();
        }
    }

    @Test
    void aRetryKeepsItsPlaceAndNeedsNoRoom() throws Exception {
        WorkerPool pool = pools.start(mortal().queueCapacity(2).retries(1));
        Gate gate = new Gate(1);
        TaskOptions key = TaskOptions.defaults().key("k");
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<?> first = pool.run(
                        () -> {
                            order.add("first");
                            if (runs.incrementAndGet() == 1) {
                                gate.pass();
                                throw new Crash();
                            }
                            return 1;
                        },
                        key)
                .toFuture();
        gate.awaitArrival();
        CompletableFuture<?> second = pool.run(() -> order.add("second"), key).toFuture();
        CompletableFuture<?> third = pool.run(() -> order.add("third")).toFuture();
        assertThat(pool.metrics().queued()).as("full").isEqualTo(2);

        gate.open();

        assertThat(CompletableFuture.allOf(first, second, third)).succeedsWithin(LONG);
        assertThat(order).startsWith("first", "first").containsExactlyInAnyOrder("first", "first", "second", "third");
        assertThat(pool.metrics().rejected()).isZero();
    }

    @Test
    void elementsOfAMapAreRetriedOneByOneAndKeepTheirOrder() {
        int elements = 300;
        int retries = 3;
        WorkerPool pool = pools.start(
                WorkerPoolSpec.of("cpu").threads(0, 4).retries(retries).places(name -> new MortalPlace()));
        AtomicIntegerArray runsOf = new AtomicIntegerArray(elements);

        List<Integer> mapped = Flux.range(0, elements)
                .transform(pool.<Integer, Integer>map(i -> {
                    int run = runsOf.incrementAndGet(i);
                    if (run <= retries && ThreadLocalRandom.current().nextInt(4) == 0) {
                        throw new Crash();
                    }
                    return i;
                }))
                .collectList()
                .block(LONG);

        assertThat(mapped).isEqualTo(IntStream.range(0, elements).boxed().toList());
        int more = IntStream.range(0, elements).map(runsOf::get).sum() - elements;
        assertThat(pool.metrics().retried()).isEqualTo(more).isPositive();
        assertThat(pool.metrics().completed()).isEqualTo(elements);
        assertThat(IntStream.range(0, elements).map(runsOf::get)).allMatch(runs -> runs <= 1 + retries);
    }

    @Test
    void withoutPlacesNothingIsRunTwice() {
        WorkerPool pool = pools.start(WorkerPools.single().retries(3));

        StepVerifier.create(pool.run(() -> {
                    runs.incrementAndGet();
                    throw new WorkerLostException("thrown by the task", null);
                }))
                .expectError(WorkerLostException.class)
                .verify(LONG);
        assertThat(runs).hasValue(1);
    }

    @Test
    void retriesAreRead() {
        WorkerPool pool = pools.start(mortal().retries(2));
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        PoolMeters.of(pool).bindTo(registry);

        pool.run(losing(2)).block(LONG);

        assertThat(registry.get("spindle.pool.retried")
                        .tag("pool", "cpu")
                        .functionCounter()
                        .count())
                .isEqualTo(2);
        registry.close();
    }

    @Test
    void numbersAreChecked() {
        assertThat(TaskOptions.defaults().retries()).isEmpty();
        assertThat(TaskOptions.defaults().retries(4).key("k").timeout(DAY).retries())
                .hasValue(4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TaskOptions.defaults().retries(-1))
                .withMessage("retries must be 0 or more, was -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WorkerPools.single().retries(-2))
                .withMessage("retries must be 0 or more, was -2");
    }

    /** Takes the worker down in which it is thrown. */
    private static final class Crash extends RuntimeException {

        Crash() {}

        Crash(Throwable cause) {
            super(cause);
        }
    }

    private final class MortalPlace implements WorkerPlace {

        private final int number = opened.incrementAndGet();
        private boolean lost;

        @Override
        public <T> @Nullable T run(Callable<? extends @Nullable T> task, Mono<Void> stop) throws Exception {
            try {
                return task.call();
            } catch (Crash crash) {
                lost = true;
                throw new WorkerLostException("worker " + number + " was lost", crash);
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
