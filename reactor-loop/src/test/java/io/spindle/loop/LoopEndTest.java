// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.util.context.Context;

/** How a loop ends: at once, or when nothing is left to do. */
class LoopEndTest extends OneLoop {

    @Test
    void aDisposedLoopRejectsEverything() {
        end(loop);

        assertThat(loop.isDisposed()).isTrue();
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> loop.schedule(() -> {}));
        assertThatExceptionOfType(RejectedExecutionException.class)
                .isThrownBy(() -> loop.schedule(() -> {}, 1, TimeUnit.SECONDS));
        assertThatExceptionOfType(RejectedExecutionException.class)
                .isThrownBy(() -> loop.createWorker().schedule(() -> {}));
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> loop.nextTick(() -> {}));
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> loop.setImmediate(() -> {}));
        assertThatExceptionOfType(RejectedExecutionException.class)
                .isThrownBy(() -> loop.setTimeout(Duration.ofSeconds(1), () -> {}));
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> loop.open("x"));
    }

    @Test
    @SuppressWarnings("deprecation") // older code of users calls start()
    void aDisposedLoopCannotStartAgain() {
        loop.init(); // it runs already
        loop.start();
        loop.dispose();

        assertThatThrownBy(loop::init)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("loop test has been disposed and cannot start again");
        loop.start();
        assertThat(loop.isDisposed()).isTrue();
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> loop.schedule(() -> {}));
        loop.onDispose().block(LIMIT);
        assertThatThrownBy(loop::init).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void gracefulDisposalFinishesWhatIsPendingAndStopsWhatRepeats() {
        List<String> log = new CopyOnWriteArrayList<>();
        loop.setInterval(Duration.ofHours(1), () -> log.add("interval"));
        loop.schedulePeriodically(() -> log.add("periodic"), 1, 1, TimeUnit.HOURS);
        Sinks.One<Integer> elsewhere = Sinks.one();
        loop.setTimeout(Duration.ofMillis(20), () -> {
            log.add("timeout");
            loop.setImmediate(() -> {
                log.add("immediate");
                elsewhere.tryEmitValue(1);
            });
        });
        loop.adopt(elsewhere.asMono().publishOn(Schedulers.parallel())).subscribe(value -> log.add("adopted"));

        loop.disposeGracefully().block(LIMIT);

        assertThat(log).containsExactly("timeout", "immediate", "adopted");
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> loop.schedule(() -> {}));
    }

    @Test
    void allWhoWaitForAGracefulEndAreToldOfIt() throws InterruptedException {
        int waiters = 10;
        CountDownLatch gate = hold();
        CountDownLatch asked = new CountDownLatch(waiters);
        AtomicInteger told = new AtomicInteger();
        Mono<Void> all = Flux.range(0, waiters)
                .flatMap(
                        i -> Mono.defer(() -> {
                                    asked.countDown();
                                    return loop.disposeGracefully();
                                })
                                .subscribeOn(Schedulers.boundedElastic())
                                .doOnSuccess(end -> told.incrementAndGet()),
                        waiters)
                .then()
                .cache();
        all.subscribe();
        await(asked);

        assertThat(told).hasValue(0); // it is held
        gate.countDown();
        all.block(LIMIT);
        assertThat(told).hasValue(waiters);
        loop.disposeGracefully().block(LIMIT); // also who asks later
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> loop.schedule(() -> {}));
        assertThat(loop.isDisposed()).isTrue();
    }

    @Test
    void aGracefulEndThatTakesTooLongIsForced() throws InterruptedException {
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch gate = hold();
        loop.schedule(runs::incrementAndGet);
        loop.setTimeout(Duration.ofHours(1), runs::incrementAndGet);
        Mono<Void> waiter = loop.disposeGracefully().timeout(Duration.ofMillis(10));

        StepVerifier.create(waiter).expectError(TimeoutException.class).verify(LIMIT);
        StepVerifier.create(waiter).expectError(TimeoutException.class).verify(LIMIT); // asking again is no harm
        StepVerifier.create(waiter.onErrorResume(TimeoutException.class, late -> {
                    loop.dispose();
                    gate.countDown();
                    return loop.onDispose();
                }))
                .expectComplete()
                .verify(LIMIT);
        assertThat(runs).hasValue(0);
        loop.disposeGracefully().block(LIMIT);
    }

    @Test
    void aLoopHoldsTheJvmOnlyIfItIsNoDaemon() {
        EventLoop holding = spec("holding").daemon(false).start();

        assertThat(isDaemon(holding)).isFalse();
        assertThat(isDaemon(loop)).isTrue();
        assertThat(holding.resources().daemon()).isFalse();
        assertThat(loop.resources().daemon()).isTrue();
        end(holding);
    }

    private static boolean isDaemon(EventLoop of) {
        return Boolean.TRUE.equals(
                Mono.fromCallable(() -> Thread.currentThread().isDaemon())
                        .subscribeOn(of)
                        .block(LIMIT));
    }

    @Test
    void immediateDisposalDiscardsWhatIsPending() throws InterruptedException {
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch gate = hold();
        Disposable posted = loop.schedule(runs::incrementAndGet);
        Timeout timeout = loop.setTimeout(Duration.ofMillis(1), runs::incrementAndGet);

        loop.dispose();
        gate.countDown();
        loop.onDispose().block(LIMIT);

        assertThat(runs).hasValue(0);
        assertThat(posted.isDisposed()).isTrue();
        assertThat(timeout.isDisposed()).isTrue();
    }

    @Test
    void disposingEndsALoopThatIsBusyWithTicksForEver() {
        loop.schedule(() -> tickForEver());

        loop.dispose();

        StepVerifier.create(loop.onDispose()).expectComplete().verify(LIMIT);
    }

    private void tickForEver() {
        loop.nextTick(this::tickForEver);
    }

    @Test
    void everyTaskThatIsAcceptedWhileTheLoopEndsGracefullyRunsAndTheOthersAreRejected() throws InterruptedException {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 1_000; round++) {
            EventLoop racing = spec("racing").blockedThreshold(Duration.ZERO).start();
            Scheduler.Worker worker = racing.createWorker();
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger ran = new AtomicInteger();
            CountDownLatch started = new CountDownLatch(1);
            Thread poster = new Thread(() -> {
                started.countDown();
                try {
                    for (int i = 0; i < 64; i++) {
                        worker.schedule(ran::incrementAndGet);
                        accepted.incrementAndGet();
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            poster.start();
            await(started);
            for (int wait = random.nextInt(2_000); wait > 0; wait--) {
                Thread.onSpinWait();
            }
            racing.disposeGracefully().block(LIMIT);
            poster.join(20_000);

            assertThat(ran).as("round %d of seed %d", round, seed).hasValue(accepted.get());
        }
        assertThat(failures).isNotEmpty().allMatch(RejectedExecutionException.class::isInstance);
    }

    @Test
    void whatRepeatsReadsAsDisposedOnceTheLoopEndsGracefully() throws InterruptedException {
        Handle busy = loop.open("busy");
        List<Disposable> repeating = List.of(
                loop.setInterval(Duration.ofHours(1), () -> {}),
                loop.schedulePeriodically(() -> {}, 1, 1, TimeUnit.HOURS),
                loop.createWorker().schedulePeriodically(() -> {}, 1, 1, TimeUnit.HOURS));
        Timeout once = loop.setTimeout(Duration.ofHours(1), () -> {});
        CountDownLatch release = hold();
        Disposable late = loop.schedulePeriodically(() -> {}, 1, 1, TimeUnit.HOURS); // the loop has not seen it yet
        Timeout later = loop.setInterval(Duration.ofHours(1), () -> {});
        Disposable ending = loop.disposeGracefully().subscribe();
        release.countDown();
        Mono.<Void>create(sink -> ((DefaultEventLoop) loop).onLoop(sink::success))
                .block(LIMIT);

        assertThat(repeating).allMatch(Disposable::isDisposed);
        assertThat(List.of(late.isDisposed(), later.isDisposed())).containsOnly(true);
        assertThat(once.isDisposed()).isFalse();
        once.dispose();
        busy.dispose();
        loop.onDispose().block(LIMIT);
        assertThat(ending.isDisposed()).isTrue();
    }

    @Test
    void anIntervalInWhichAGracefulEndBeginsIsItsLastRun() {
        AtomicInteger runs = new AtomicInteger();
        Timeout interval = loop.setInterval(Duration.ofMillis(1), () -> {
            runs.incrementAndGet();
            loop.disposeGracefully().subscribe();
        });
        loop.onDispose().block(LIMIT);

        assertThat(runs).hasValue(1);
        assertThat(interval.isDisposed()).isTrue();
    }

    @Test
    void aCloseCallbackThatWaitsIsDiscardedByAnEndAtOnceAndRunsBeforeAGracefulOne() {
        List<String> log = new CopyOnWriteArrayList<>();
        EventLoop graceful = spec("graceful").start();
        graceful.schedule(
                () -> graceful.open("handle", () -> log.add("graceful")).dispose());
        graceful.disposeGracefully().block(LIMIT);
        loop.schedule(() -> {
            loop.open("handle", () -> log.add("at once")).dispose();
            loop.dispose();
        });
        loop.onDispose().block(LIMIT);

        assertThat(log).containsExactly("graceful");
    }

    @Test
    void anEndAtOnceSaysHowMuchItHasNotRun() {
        Logger logger = (Logger) LoggerFactory.getLogger(EventLoop.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        logger.setLevel(Level.DEBUG);
        try {
            loop.schedule(() -> {
                loop.nextTick(() -> {});
                loop.nextTick(() -> {});
                loop.queueMicrotask(() -> {});
                loop.setImmediate(() -> {});
                loop.setTimeout(Duration.ofHours(1), () -> {});
                loop.open("handle", () -> {}).dispose();
                loop.setImmediate(() -> {}).dispose();
                loop.schedule(() -> {});
                loop.dispose();
            });
            loop.onDispose().block(LIMIT);
            EventLoop idle = spec("idle").start();
            end(idle);
        } finally {
            logger.setLevel(null);
            logger.detachAppender(log);
        }

        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .filteredOn(line -> line.contains("] ended: "))
                .containsExactly("[test] ended: 7 tasks and callbacks that were queued or timed did not run");
    }

    @Test
    void whatIsAdoptedIsCancelledAndToldWhenTheLoopEnds() {
        TestPublisher<Integer> source = TestPublisher.create();
        TestPublisher<Integer> sourceOfOne = TestPublisher.create();
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        List<Boolean> onLoop = new CopyOnWriteArrayList<>();
        List<Integer> values = new CopyOnWriteArrayList<>();
        Disposable adopted = loop.adopt(source.flux()).subscribe(values::add, error -> {
            onLoop.add(loop.inLoop());
            errors.add(error);
            throw new IllegalStateException("which keeps nobody else from being told");
        });
        Disposable one = loop.adopt(sourceOfOne.mono()).subscribe(values::add, errors::add);
        settle(); // what subscribing posts
        end(loop);

        assertThat(errors).hasSize(2).allMatch(RejectedExecutionException.class::isInstance);
        assertThat(onLoop).containsExactly(true);
        source.assertCancelled();
        sourceOfOne.assertCancelled();
        assertThat(List.of(adopted.isDisposed(), one.isDisposed())).containsOnly(true);
        assertThat(values).isEmpty();
    }

    @Test
    void whatWasPostedAlreadyIsDroppedAndItsSubscriberIsToldToo() throws InterruptedException {
        TestPublisher<Integer> source = TestPublisher.create();
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        List<Integer> values = new CopyOnWriteArrayList<>();
        Disposable adopted = loop.adopt(source.flux()).subscribe(values::add, errors::add);
        settle();
        CountDownLatch release = hold();
        source.next(1);
        source.complete();
        loop.dispose();
        release.countDown();
        loop.onDispose().block(LIMIT);

        assertThat(values).isEmpty();
        assertThat(errors).singleElement().isInstanceOf(RejectedExecutionException.class);
        assertThat(adopted.isDisposed()).isTrue();
    }

    @Test
    void noValueOfAnAdoptedPublisherIsLostWhenTheLoopEndsUnderIt() throws InterruptedException {
        TestPublisher<Integer> many = TestPublisher.createNoncompliant(TestPublisher.Violation.CLEANUP_ON_TERMINATE);
        TestPublisher<Integer> one = TestPublisher.createNoncompliant(TestPublisher.Violation.CLEANUP_ON_TERMINATE);
        TestPublisher<Integer> early = TestPublisher.create();
        List<Object> discarded = new CopyOnWriteArrayList<>();
        List<Integer> values = new CopyOnWriteArrayList<>();
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        Flux.merge(loop.adopt(many.flux()), loop.adopt(one.mono()))
                .doOnDiscard(Integer.class, discarded::add)
                .subscribe(values::add, errors::add);
        Disposable cancelled = loop.adopt(early.flux())
                .doOnDiscard(Integer.class, discarded::add)
                .subscribe(values::add, errors::add);
        CountDownLatch release = hold();
        many.next(1, 2);
        one.next(3);
        early.next(4);
        cancelled.dispose();
        loop.dispose();
        release.countDown();
        loop.onDispose().block(LIMIT);
        many.next(5);

        assertThat(values).isEmpty();
        assertThat(discarded).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
        assertThat(errors).singleElement().isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void whoIsRefusedByALoopThatIsBusyWithItsLastCallbackIsToldBehindIt() throws InterruptedException {
        TestPublisher<Integer> source = TestPublisher.create();
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        List<Boolean> onLoop = new CopyOnWriteArrayList<>();
        List<Integer> discarded = new CopyOnWriteArrayList<>();
        loop.adopt(source.flux()).doOnDiscard(Integer.class, discarded::add).subscribe(value -> {}, error -> {
            errors.add(error);
            onLoop.add(loop.inLoop());
        });
        CountDownLatch release = hold();
        loop.dispose();
        source.next(1);

        assertThat(errors).as("the loop still runs a callback").isEmpty();
        release.countDown();
        loop.onDispose().block(LIMIT);
        assertThat(errors).singleElement().isInstanceOf(RejectedExecutionException.class);
        assertThat(onLoop).containsExactly(true);
        assertThat(discarded).containsExactly(1);
        source.assertCancelled();
    }

    @Test
    void aDisposeEndsALoopThatAnEagerPublisherKeepsBusy() {
        AtomicInteger seen = new AtomicInteger();
        loop.adopt(Flux.<Integer>generate(sink -> sink.next(1))).subscribe(seen::addAndGet, ended -> {});
        aTurn(); // others have their turns, too
        aTurn();
        int before = seen.get();
        aTurn();

        assertThat(seen.get()).isGreaterThan(before);
        end(loop);
    }

    @Test
    void anEagerPublisherLetsOthersRunHoweverItIsAsked() {
        AtomicInteger seen = new AtomicInteger();
        Disposable eager = loop.adopt(Flux.<Integer>generate(sink -> sink.next(1)), 4)
                .limitRate(2)
                .subscribe(seen::addAndGet, ended -> {});
        aTurn();
        int before = seen.get();
        aTurn();
        aTurn();

        assertThat(seen.get()).isGreaterThan(before);
        eager.dispose();
        loop.disposeGracefully().block(LIMIT);
    }

    @Test
    void aSubscriptionThatThrowsDoesNotHoldTheLoop() {
        Publisher<Integer> broken = subscriber -> {
            throw new IllegalStateException("broken");
        };
        LinkageError fatal = new LinkageError("a class has gone");
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        loop.adopt(Flux.from(broken)).subscribe(value -> {}, errors::add);
        assertThatThrownBy(() -> loop.adopt(Mono.fromCallable(() -> {
                            throw fatal;
                        }))
                        .subscribe())
                .isEqualTo(fatal);

        assertThat(errors).singleElement().hasFieldOrPropertyWithValue("message", "broken");
        assertThat(loop.metrics().resources()).isEmpty();
        loop.disposeGracefully().block(LIMIT);
    }

    @Test
    void aSubscriberThatThrowsLeavesNothingBehind() {
        TestPublisher<Integer> source = TestPublisher.create();
        List<Integer> discarded = new CopyOnWriteArrayList<>();
        Flux<Integer> adopted = loop.adopt(source.flux()).doOnDiscard(Integer.class, discarded::add);
        onLoop(() -> {
            adopted.subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnNext(Integer value) {
                    throw new LinkageError("a class has gone");
                }
            });
            source.next(1, 2, 3);
        });
        settle();

        assertThat(discarded).containsExactly(2, 3);
        source.assertCancelled();
        loop.disposeGracefully().block(LIMIT); // it is not held open
    }

    @Test
    void anErrorThatNobodyIsToldAnyMoreIsDroppedNotForgotten() throws InterruptedException {
        TestPublisher<Integer> source = TestPublisher.create();
        List<Throwable> dropped = new CopyOnWriteArrayList<>();
        IllegalStateException late = new IllegalStateException("late");
        loop.adopt(source.flux())
                .contextWrite(Context.of("reactor.onErrorDropped.local", (Consumer<Throwable>) dropped::add))
                .subscribe(value -> {}, ended -> {});
        CountDownLatch release = hold();
        source.error(late);
        loop.dispose();
        release.countDown();
        loop.onDispose().block(LIMIT);

        assertThat(dropped).containsExactly(late);
    }

    @Test
    void whatIsAdoptedInAnExitHookIsCancelledAndItsValuesAreDiscarded() {
        List<Object> log = new CopyOnWriteArrayList<>();
        spec("hook")
                .onExit(code -> Objects.requireNonNull(EventLoop.current())
                        .adopt(Flux.using(
                                () -> "resource",
                                resource -> Flux.just(1, 2).concatWith(Flux.never()),
                                resource -> log.add("closed")))
                        .doOnDiscard(Integer.class, log::add)
                        .subscribe(log::add, log::add))
                .run(started -> {});

        assertThat(log).containsExactlyInAnyOrder(1, 2, "closed");
    }

    @Test
    void anAdoptedMonoIsAskedWhenItsValueIsWanted() {
        AtomicInteger asked = new AtomicInteger();
        BaseSubscriber<Integer> patient = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {}
        };
        Mono<Integer> end = Mono.create(sink -> {
            loop.adopt(Mono.fromCallable(() -> 1).doOnRequest(n -> asked.incrementAndGet()))
                    .doOnSuccess(sink::success)
                    .subscribe(patient);
            settle();
            asked.set(asked.get() * 10);
            patient.request(1);
        });

        assertThat(end.block(LIMIT)).isEqualTo(1);
        assertThat(asked).as("not before").hasValue(1);
    }

    @Test
    void sourcesThatSendWhileTheLoopEndsLoseNothing() {
        int sent = 200;
        for (int round = 0; round < 50; round++) {
            EventLoop ending = EventLoop.create("ending");
            List<Integer> passed = new CopyOnWriteArrayList<>();
            List<Integer> seen = new CopyOnWriteArrayList<>(); // and what publishOn had not passed on yet
            Flux.range(0, sent)
                    .publishOn(Schedulers.parallel(), 1)
                    .doOnNext(value -> {
                        passed.add(value);
                        if (value == sent / 2) {
                            ending.dispose();
                        }
                    })
                    .transform(ending::adopt)
                    .doOnNext(seen::add)
                    .doOnDiscard(Integer.class, seen::add)
                    .onErrorComplete(RejectedExecutionException.class)
                    .blockLast(LIMIT);
            ending.onDispose().block(LIMIT);

            Spin.until(() -> seen.containsAll(passed));
            assertThat(seen).doesNotHaveDuplicates().hasSizeGreaterThan(sent / 2);
        }
    }

    @Test
    void aProgramThatExitsCancelsWhatItHasAdoptedAndTellsNobody() {
        TestPublisher<Integer> source = TestPublisher.create();
        List<Object> told = new CopyOnWriteArrayList<>();
        int code = spec("exits").run(started -> {
            Disposable adopted = started.adopt(source.flux()).subscribe(told::add, told::add, () -> told.add("end"));
            started.setImmediate(() -> started.exit(adopted.isDisposed() ? 4 : 3));
        });

        assertThat(code).isEqualTo(3);
        source.assertCancelled();
        assertThat(told).isEmpty();
    }

    @Test
    void anErrorThatIsFatalToReactorEndsAProgramWithAnError() {
        LinkageError fatal = new LinkageError("a class has gone");
        Mono<Integer> program = spec("fatal")
                .start(started -> started.setImmediate(() -> {
                    throw fatal;
                }));

        StepVerifier.create(program).expectErrorMatches(fatal::equals).verify(LIMIT);
    }

    @Test
    void theEndIsToldOnTheLoopOrToOneWhoComesLaterOnHisOwnThread() {
        List<Boolean> onLoop = new CopyOnWriteArrayList<>();
        Disposable early =
                loop.onDispose().doOnSuccess(end -> onLoop.add(loop.inLoop())).subscribe();
        end(loop);
        loop.onDispose().doOnSuccess(end -> onLoop.add(loop.inLoop())).block(LIMIT);

        assertThat(onLoop).containsExactly(true, false);
        assertThat(early.isDisposed()).isTrue();
    }

    @Test
    void aLoopThatEndsGracefullyRejectsNewWorkersAndWhatRepeats() {
        Handle busy = loop.open("busy");
        Disposable ending = loop.disposeGracefully().subscribe();

        assertThat(loop.isDisposed()).isTrue();
        assertThatExceptionOfType(RejectedExecutionException.class)
                .isThrownBy(() -> loop.createWorker().schedule(() -> {}));
        StepVerifier.create(Flux.interval(Duration.ofMillis(1), loop))
                .expectError(RejectedExecutionException.class)
                .verify(LIMIT);
        busy.dispose();
        loop.onDispose().block(LIMIT);
        assertThat(ending.isDisposed()).isTrue();
    }
}
