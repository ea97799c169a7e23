// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** When places are opened, told and closed. What becomes of tasks whose place is lost: {@link WorkerPoolRetryTest}. */
@ExtendWith(LeakCheck.class)
class WorkerPlaceTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration DAY = Duration.ofDays(1);

    @RegisterExtension
    final WorkerPools pools = new WorkerPools();

    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger closing = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicBoolean mayClose = new AtomicBoolean(true);

    private WorkerPoolSpec spec() {
        return WorkerPools.single().grace(DAY).places(name -> {
            if (failures.getAndDecrement() > 0) {
                throw new WorkerLostException("it did not start", null);
            }
            return new ToldPlace();
        });
    }

    /** Waits until it is told to stop, if the task is called wait. */
    private final class ToldPlace implements WorkerPlace {

        private boolean usable = true;

        ToldPlace() {
            opened.incrementAndGet();
        }

        @Override
        public <T> @Nullable T run(Callable<? extends @Nullable T> task, Mono<Void> stop) throws Exception {
            CountDownLatch told = new CountDownLatch(1);
            Disposable listening = stop.subscribe(null, null, () -> {
                asked.incrementAndGet();
                told.countDown();
            });
            try {
                T value = task.call();
                if ("wait".equals(value)) {
                    Gate.await(told);
                }
                usable = !"last".equals(value);
                return value;
            } finally {
                listening.dispose();
            }
        }

        @Override
        public boolean isUsable() {
            return usable;
        }

        @Override
        public void close() {
            closing.incrementAndGet();
            Spin.until(mayClose::get);
            closed.incrementAndGet();
        }
    }

    @Test
    void aPlaceIsToldWhenItsTaskIsToBeStoppedAndTheNextTaskIsNotMeant() throws Exception {
        WorkerPool pool = pools.start(spec());
        Gate gate = new Gate(1);
        Disposable task = pool.run(gate.then("wait")).subscribe();
        gate.awaitArrival();
        gate.open();

        task.dispose();

        assertThat(pool.run(() -> "next").block(LONG)).isEqualTo("next");
        assertThat(asked).hasValue(1);
        assertThat(opened).as("it goes on").hasValue(1);
    }

    @Test
    void aPlaceIsReplacedAfterSoManyTasksAlsoOfThoseThatItsThreadAsksFor() {
        WorkerPool pool = pools.start(spec().recycleAfter(2));

        StepVerifier.create(Flux.range(0, 6).concatMap(i -> pool.run(() -> opened.get())))
                .expectNext(1, 1, 2, 2, 3, 3)
                .expectComplete()
                .verify(LONG);

        Spin.until(() -> closed.get() == 3);
    }

    @Test
    void aPlaceThatWasOpenedAheadIsUsedByAsManyTasksAsAnyOther() {
        WorkerPool pool = pools.start(spec().threads(1, 1).recycleAfter(1));
        Spin.until(() -> opened.get() == 1);

        assertThat(pool.run(() -> opened.get()).block(LONG)).isEqualTo(1);

        Spin.until(() -> opened.get() == 2); // by the next thread, ahead again
        assertThat(closed).hasValue(1);
    }

    @Test
    void ofThreadsWhosePlacesTakeTheirTimeToCloseNoMoreLeaveThanAreTooMany() {
        WorkerPool pool = pools.start(spec().threads(4, 4));
        Spin.until(() -> opened.get() == 4);
        mayClose.set(false);

        pool.resize(3, 3);
        Spin.until(() -> closing.get() == 1);

        assertThat(pool.run(() -> "by one that stays").block(LONG)).isEqualTo("by one that stays");
        mayClose.set(true);
        Spin.until(() -> pool.metrics().threads() == 3);
        assertThat(closing).hasValue(1);
    }

    @Test
    void withoutGraceNobodyIsAsked() throws Exception {
        WorkerPool pool = pools.start(spec().grace(Duration.ZERO));
        Gate gate = new Gate(1);
        Disposable task = pool.run(gate.then("value")).subscribe();
        gate.awaitArrival();

        task.dispose();

        assertThat(pool.run(() -> "next").block(LONG)).isEqualTo("next");
        assertThat(asked).hasValue(0);
    }

    @Test
    void placesOfThreadsThatStayAreOpenedAheadAndReplacedAheadOthersAtTheirFirstTask() {
        WorkerPool pool = pools.start(spec().threads(2, 3));

        Spin.until(() -> opened.get() == 2);
        assertThat(pool.run(() -> "last").block(LONG)).isEqualTo("last");
        Spin.until(() -> opened.get() == 3 && closed.get() == 1);

        assertThat(pools.start(spec().threads(0, 3)).metrics().threads()).isZero();
    }

    @Test
    void aPlaceThatCannotBeOpenedAheadIsOpenedForTheNextTask() {
        failures.set(1);
        WorkerPool pool = pools.start(spec().threads(1, 1));
        Spin.until(() -> failures.get() <= 0);

        assertThat(pool.run(() -> "value").block(LONG)).isEqualTo("value");
        assertThat(opened).hasValue(1);
    }

    @Test
    void aPoolHasEndedWhenItsPlacesAreClosed() {
        WorkerPool pool = pools.start(spec());
        pool.run(() -> "value").block(LONG);
        mayClose.set(false);

        CompletableFuture<?> end = pool.disposeGracefully().toFuture();
        Spin.until(() -> closing.get() == 1);
        assertThat(end).isNotDone();
        assertThat(pool.metrics().threads())
                .as("it has its place, so no other thread opens one")
                .isEqualTo(1);
        mayClose.set(true);

        assertThat(end).succeedsWithin(LONG);
        assertThat(closed).hasValue(1);
    }

    @Test
    void aTaskWhosePlaceIsStillOpenedWhenThePoolIsDisposedIsRejected() throws Exception {
        Gate gate = new Gate(1);
        WorkerPool pool = pools.start(spec().places(name -> {
            try {
                gate.pass();
                return new ToldPlace();
            } catch (InterruptedException e) {
                throw new IllegalStateException("the start was interrupted", e);
            }
        }));
        CompletableFuture<?> task = pool.run(() -> "value").toFuture();
        gate.awaitArrival();

        pool.dispose();

        assertThat(task)
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(
                        TaskRejectedException.class,
                        error -> assertThat(error.reason()).isEqualTo(TaskRejectedException.Reason.DISPOSED));
    }
}
