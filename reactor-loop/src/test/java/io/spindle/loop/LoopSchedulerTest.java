// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What Reactor expects of any Scheduler, restated for the loop. */
class LoopSchedulerTest extends OneLoop {

    @Test
    void aTaskRunsOnceOnTheLoopAndReadsAsDisposedAfterwards() {
        List<Boolean> inLoop = new CopyOnWriteArrayList<>();

        Disposable task = loop.schedule(() -> inLoop.add(loop.inLoop()));
        settle();

        assertThat(inLoop).containsExactly(true);
        assertThat(task.isDisposed()).isTrue();
        assertThat(loop.inLoop()).isFalse();
    }

    @Test
    void aDisposedTaskDoesNotRun() throws InterruptedException {
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch gate = hold();

        Disposable task = loop.schedule(runs::incrementAndGet);
        task.dispose();
        task.dispose(); // the second time it does nothing
        gate.countDown();
        settle();

        assertThat(runs).hasValue(0);
        assertThat(task.isDisposed()).isTrue();
    }

    @Test
    void aWorkerKeepsTheOrderOfItsTasksAlsoFromManyThreads() {
        int tasks = 10_000;
        int threads = 3;
        Scheduler.Worker worker = loop.createWorker();
        List<List<Integer>> seen = Stream.generate(() -> (List<Integer>) new ArrayList<Integer>())
                .limit(threads)
                .toList();
        Flux.range(0, threads)
                .flatMap(thread -> Mono.<Void>fromRunnable(() -> {
                            for (int i = 0; i < tasks; i++) {
                                int number = i;
                                worker.schedule(() -> seen.get(thread).add(number));
                            }
                        })
                        .subscribeOn(Schedulers.boundedElastic()))
                .blockLast(LIMIT);
        settle(); // behind all of them

        assertThat(seen).allSatisfy(of -> assertThat(of).hasSize(tasks).isSorted());
    }

    @Test
    void disposingAWorkerDisposesItsTasksAsAGroupAndRejectsNewOnes() throws InterruptedException {
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch gate = hold();
        Scheduler.Worker worker = loop.createWorker();
        Disposable posted = worker.schedule(runs::incrementAndGet);
        Disposable delayed = worker.schedule(runs::incrementAndGet, 1, TimeUnit.MILLISECONDS);
        Disposable periodic = worker.schedulePeriodically(runs::incrementAndGet, 1, 1, TimeUnit.MILLISECONDS);

        worker.dispose();
        worker.dispose(); // the second time it does nothing
        gate.countDown();
        settle();
        Mono.delay(Duration.ofMillis(20), loop).block(LIMIT);

        assertThat(runs).hasValue(0);
        assertThat(posted.isDisposed()).isTrue();
        assertThat(delayed.isDisposed()).isTrue();
        assertThat(periodic.isDisposed()).isTrue();
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> worker.schedule(() -> {}));
        assertThatExceptionOfType(RejectedExecutionException.class)
                .isThrownBy(() -> worker.schedule(() -> {}, 1, TimeUnit.SECONDS));
        assertThat(loop.metrics().timers()).isZero();
    }

    @Test
    void aDelayedTaskIsNeverEarly() throws InterruptedException {
        int tasks = 200;
        CountDownLatch done = new CountDownLatch(tasks);
        AtomicLong early = new AtomicLong();
        for (int i = 0; i < tasks; i++) {
            long delayNanos = 1_000L + i * 137_003L;
            long due = System.nanoTime() + delayNanos;
            loop.schedule(
                    () -> {
                        if (System.nanoTime() - due < 0) {
                            early.incrementAndGet();
                        }
                        done.countDown();
                    },
                    delayNanos,
                    TimeUnit.NANOSECONDS);
        }
        await(done);

        assertThat(early).hasValue(0);
    }

    @Test
    void aPeriodicTaskRunsAtAFixedRateAndMakesUpForAStallOnce() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(6);
        List<Long> at = new ArrayList<>();
        Disposable.Swap periodic = Disposables.swap();
        periodic.update(loop.schedulePeriodically(
                () -> {
                    at.add(System.nanoTime());
                    if (at.size() == 2) {
                        Spin.during(Duration.ofMillis(100));
                    }
                    if (at.size() >= 6) {
                        periodic.dispose();
                    }
                    done.countDown();
                },
                10,
                10,
                TimeUnit.MILLISECONDS));
        await(done);
        settle();

        long afterStall = at.get(5) - at.get(1);
        // Runs 3 to 6 follow a stall of 100 ms: one at once, the others a period apart; a burst would take no time.
        assertThat(Duration.ofNanos(afterStall)).isGreaterThanOrEqualTo(Duration.ofMillis(125));
        assertThat(at).hasSize(6);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPeriodicTaskIsDisposedFromOutsideByItsOwnHandleAlsoWhileItRuns(boolean ofWorker) throws InterruptedException {
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch third = new CountDownLatch(3);
        CountDownLatch release = new CountDownLatch(1);
        Disposable periodic = periodically(
                ofWorker,
                () -> {
                    third.countDown();
                    if (runs.incrementAndGet() == 3) {
                        Spin.until(release);
                    }
                },
                1);
        await(third);

        assertThat(periodic.isDisposed()).isFalse();
        periodic.dispose();
        periodic.dispose(); // the second time it does nothing
        assertThat(periodic.isDisposed()).isTrue();
        release.countDown();
        settle();
        assertThat(runs).hasValue(3);
        assertThat(loop.metrics().timers()).isZero();
    }

    private Disposable periodically(boolean ofWorker, Runnable task, long millis) {
        return ofWorker
                ? loop.createWorker().schedulePeriodically(task, millis, millis, TimeUnit.MILLISECONDS)
                : loop.schedulePeriodically(task, millis, millis, TimeUnit.MILLISECONDS);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void aPeriodOfNothingOrLessRunsAgainAndAgainAndLetsOthersRun(long millis) throws InterruptedException {
        CountDownLatch runs = new CountDownLatch(200);
        Disposable direct = periodically(false, runs::countDown, millis);
        Disposable ofWorker = periodically(true, runs::countDown, millis);
        await(runs);

        Mono.delay(Duration.ofMillis(2), loop).block(LIMIT);
        assertThat(direct.isDisposed()).isFalse();
        direct.dispose();
        ofWorker.dispose();
        settle();
        assertThat(loop.metrics().timers()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void aDelayOfNothingOrLessKeepsTheOrderOfPosting(long millis) throws InterruptedException {
        List<String> log = new CopyOnWriteArrayList<>();
        CountDownLatch gate = hold();
        loop.schedule(() -> log.add("first"));
        loop.schedule(() -> log.add("no delay"), millis, TimeUnit.MILLISECONDS);
        loop.schedule(() -> log.add("last"));
        gate.countDown();
        settle();

        assertThat(log).containsExactly("first", "no delay", "last");
    }

    @Test
    void theThreadRefusesToBlock() {
        Mono<String> blocking = Mono.fromCallable(
                () -> Mono.just("x").hide().delayElement(Duration.ofMillis(1)).block());

        StepVerifier.create(blocking.subscribeOn(loop))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("blocking"))
                .verify(LIMIT);
    }

    @Test
    void hooksOfReactorSeeEveryTaskOnce() throws InterruptedException {
        AtomicInteger hooked = new AtomicInteger();
        List<Disposable> repeating = new ArrayList<>();
        Runnable eachKind = () -> {
            loop.schedule(() -> {});
            loop.schedule(() -> {}, 1, TimeUnit.MILLISECONDS);
            repeating.add(loop.schedulePeriodically(() -> {}, 1, 1, TimeUnit.MILLISECONDS));
            loop.createWorker().schedule(() -> {});
            loop.createWorker().schedule(() -> {}, 1, TimeUnit.MILLISECONDS);
            loop.nextTick(() -> {});
            loop.queueMicrotask(() -> {});
            loop.setImmediate(() -> {});
            loop.setTimeout(Duration.ofMillis(1), () -> {});
            repeating.add(loop.setInterval(Duration.ofMillis(1), () -> {}));
            loop.open("handle", () -> {}).dispose();
        };
        CountDownLatch hold = hold();
        Schedulers.onScheduleHook("test", task -> {
            hooked.incrementAndGet();
            return task;
        });
        try {
            loop.schedule(eachKind);
            hold.countDown();
            settle();
            assertThat(hooked).hasValue(13); // with the task of this test and that of settle
            hooked.set(11);
            eachKind.run(); // from outside
            assertThat(hooked).hasValue(22);
            Mono.<Void>create(sink -> loop.setTimeout(Duration.ofMillis(20), sink::success))
                    .block(LIMIT); // all of them have run, and the repeating ones again and again
            assertThat(hooked).hasValue(23);
        } finally {
            Schedulers.resetOnScheduleHook("test");
            repeating.forEach(Disposable::dispose);
        }
    }

    @Test
    void anErrorInOneTaskDoesNotLoseTheNext() {
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        EventLoop other =
                spec("errors").onUncaught((of, error) -> errors.add(error)).start();
        AtomicInteger runs = new AtomicInteger();

        other.schedule(() -> {
            other.queueMicrotask(runs::incrementAndGet);
            other.nextTick(runs::incrementAndGet);
            throw new IllegalStateException("boom");
        });
        other.schedule(runs::incrementAndGet);
        other.disposeGracefully().block(LIMIT);

        assertThat(runs).hasValue(3);
        assertThat(errors).singleElement().satisfies(error -> assertThat(error).hasMessage("boom"));
    }

    @Test
    void theErrorHookOfReactorSeesAnErrorOnceAfterTheHandlerOfTheLoop() {
        List<String> seen = new CopyOnWriteArrayList<>();
        EventLoop other = spec("errors")
                .onUncaught((of, error) -> seen.add("handler " + error.getMessage()))
                .start();
        Schedulers.onHandleError(
                "test", (thread, error) -> seen.add("hook " + error.getMessage() + " on " + thread.getName()));
        try {
            other.schedule(() -> {
                throw new IllegalStateException("boom");
            });
            other.disposeGracefully().block(LIMIT);
        } finally {
            Schedulers.resetOnHandleError("test");
        }

        assertThat(seen).containsExactly("handler boom", "hook boom on errors");
    }

    @Test
    void anErrorHookThatThrowsDoesNotDisturbTheLoop() {
        EventLoop other = spec("errors").onUncaught((of, error) -> {}).start();
        AtomicInteger runs = new AtomicInteger();
        Schedulers.onHandleError("test", (thread, error) -> {
            throw new IllegalStateException("in the hook");
        });
        try {
            other.schedule(() -> {
                throw new IllegalStateException("boom");
            });
            other.schedule(runs::incrementAndGet);
            other.disposeGracefully().block(LIMIT);
        } finally {
            Schedulers.resetOnHandleError("test");
        }

        assertThat(runs).hasValue(1);
    }

    @Test
    void aTaskIsNotDisposedWhileItRuns() throws InterruptedException {
        List<Boolean> whileRunning = new CopyOnWriteArrayList<>();
        Disposable.Swap posted = Disposables.swap();
        Disposable.Swap delayed = Disposables.swap();
        CountDownLatch gate = hold();
        posted.update(loop.schedule(() -> whileRunning.add(posted.get().isDisposed())));
        delayed.update(loop.schedule(() -> whileRunning.add(delayed.get().isDisposed()), 1, TimeUnit.MILLISECONDS));
        gate.countDown();
        Mono.delay(Duration.ofMillis(20), loop).block(LIMIT);

        assertThat(whileRunning).containsExactly(false, false);
        assertThat(posted.get().isDisposed()).isTrue();
        assertThat(delayed.get().isDisposed()).isTrue();
    }

    @Test
    void delaysBeyondTheClockDoNotDisturbOthers() {
        Disposable far = loop.schedule(() -> {}, Long.MAX_VALUE, TimeUnit.NANOSECONDS);
        Disposable farther = loop.schedule(() -> {}, Long.MAX_VALUE, TimeUnit.DAYS);
        Timeout farthest = loop.setTimeout(Duration.ofSeconds(Long.MAX_VALUE), () -> {});

        Mono.delay(Duration.ofMillis(2), loop).block(LIMIT);
        Mono.delay(Duration.ofMillis(1), loop).block(LIMIT);

        assertThat(List.of(far.isDisposed(), farther.isDisposed(), farthest.isDisposed()))
                .containsOnly(false);
        far.dispose();
        farther.dispose();
        farthest.dispose();
        settle();
        assertThat(loop.metrics().timers()).isZero();
    }

    @Test
    void manyDelaysThatNeverComeBackLeaveNoListsBehind() throws InterruptedException {
        CountDownLatch kept = new CountDownLatch(1);
        onLoop(() -> {
            loop.schedule(kept::countDown, 1, TimeUnit.MILLISECONDS);
            for (int i = 0; i < 100_000; i++) { // on the loop, where each has its list before it is disposed
                loop.schedule(() -> {}, 3_600_000_000_000L + i, TimeUnit.NANOSECONDS)
                        .dispose();
            }
        });

        assertThat(((DefaultEventLoop) loop).nettyLoop().timers().lists()).isLessThan(5_000);
        await(kept);
    }

    @Test
    void aLoopCanStandBehindSchedulersSingle() {
        Schedulers.setFactory(EventLoop.schedulersFactory());
        try {
            Scheduler single = Schedulers.newSingle("single-loop");
            try {
                assertThat(single).isInstanceOf(EventLoop.class);
                assertThat(Mono.fromCallable(() -> Thread.currentThread().getName())
                                .subscribeOn(single)
                                .block(LIMIT))
                        .startsWith("single-loop");
            } finally {
                single.dispose();
            }
        } finally {
            Schedulers.resetFactory();
        }
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        assertThatThrownBy(() -> EventLoop.create("")).hasMessageContaining("name must not be empty");
        assertThatThrownBy(() -> EventLoopSpec.of("x").spin(Duration.ofMillis(-1)))
                .hasMessage("spin must not be negative, was PT-0.001S");
        assertThatThrownBy(() -> loop.exit(256)).hasMessage("code must be from 0 to 255, was 256");
        assertThatThrownBy(() -> LoopGroup.create("x", 0)).hasMessage("size must be at least 1, was 0");
        assertThatThrownBy(() -> loop.metrics().delay().percentile(0)).hasMessageContaining("percent must be above 0");
    }

    @Test
    void nowIsTheWallClockInMillisecondsAndTheMonotonicClockInFinerUnits() {
        long before = System.currentTimeMillis();
        long millis = loop.now(TimeUnit.MILLISECONDS);
        long seconds = loop.now(TimeUnit.SECONDS);
        long after = System.currentTimeMillis();
        long nanosBefore = System.nanoTime();
        long nanos = loop.now(TimeUnit.NANOSECONDS);
        long micros = loop.now(TimeUnit.MICROSECONDS);
        long nanosAfter = System.nanoTime();

        assertThat(millis).isBetween(before, after);
        assertThat(seconds).isBetween(before / 1000, after / 1000);
        assertThat(nanos).isBetween(nanosBefore, nanosAfter);
        assertThat(micros).isBetween(nanosBefore / 1000, nanosAfter / 1000);
    }

    @Test
    void virtualTimeReplacesSchedulersSingleThoughALoopIsBehindIt() {
        Schedulers.setFactory(EventLoop.schedulersFactory());
        try {
            StepVerifier.withVirtualTime(() -> Mono.delay(Duration.ofDays(1), Schedulers.single()))
                    .thenAwait(Duration.ofDays(1))
                    .expectNext(0L)
                    .expectComplete()
                    .verify(LIMIT);
        } finally {
            Schedulers.resetFactory();
        }
    }

    @Test
    void schedulersSingleItselfIsALoop() {
        Schedulers.shutdownNow(); // it is made at its first use only
        Schedulers.setFactory(EventLoop.schedulersFactory());
        try {
            boolean inLoop = Boolean.TRUE.equals(Mono.fromCallable(() -> EventLoop.current() != null)
                    .subscribeOn(Schedulers.single())
                    .block(LIMIT));

            assertThat(inLoop).isTrue();
        } finally {
            Schedulers.resetFactory();
            Schedulers.shutdownNow();
        }
    }
}
