// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** How a loop ends: at once, or when nothing is left to do. */
@ParameterizedClass(name = "native transport: {0}")
@ValueSource(booleans = {true, false})
@ExtendWith(LeakCheck.class)
class LoopEndTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Parameter
    boolean nativeTransport;

    private EventLoop loop = EventLoop.shared();

    @BeforeEach
    void start() {
        loop = spec("end-test").start();
    }

    private EventLoopSpec spec(String name) {
        return EventLoopSpec.of(name).nativeTransport(nativeTransport);
    }

    @AfterEach
    void dispose() {
        Loops.end(loop);
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aDisposedLoopRejectsEverything() {
        loop.dispose();
        loop.onDispose().block(LIMIT);

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
                .hasMessage("loop end-test has been disposed and cannot start again");
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
        CountDownLatch gate = Loops.hold(loop);
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
        CountDownLatch gate = Loops.hold(loop);
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
        Loops.end(holding);
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
        CountDownLatch gate = Loops.hold(loop);
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
        SplittableRandom random = new SplittableRandom();
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

            assertThat(ran).hasValue(accepted.get());
        }
        assertThat(failures).allMatch(RejectedExecutionException.class::isInstance);
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
