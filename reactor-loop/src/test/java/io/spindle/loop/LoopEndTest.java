// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

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
            EventLoop racing = transport.start(spec("racing").blockedThreshold(Duration.ZERO));
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
        EventLoop graceful = transport.start(spec("graceful"));
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
            EventLoop idle = transport.start(spec("idle"));
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
