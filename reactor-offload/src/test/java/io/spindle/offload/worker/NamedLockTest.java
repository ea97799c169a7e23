// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.offload.worker.NamedLock.Mode;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class NamedLockTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final NamedLock lock = NamedLock.of("test");

    @AfterEach
    void everyLockIsFree() {
        assertThat(NamedLock.query().size()).as("left in the line").isZero();
    }

    /** Held until it is told to end. */
    private Disposable hold(NamedLock held) {
        Disposable holder = held.request(Mono.never()).subscribe();
        assertThat(NamedLock.query()).contains(new NamedLock.Request("test", held.mode(), true));
        return holder;
    }

    private static Consumer<Throwable> isFor(LockException.Reason reason) {
        return error -> {
            assertThat(error).isInstanceOf(LockException.class).hasMessageContaining("test");
            assertThat(((LockException) error).reason()).isEqualTo(reason);
        };
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    @DisplayName("O-73: exclusive ones one after the other, then the shared ones together")
    void theOrderOfALine(Transport transport) {
        List<String> log = new ArrayList<>();

        transport.run(loop -> {
            for (String name : List.of("A", "B")) {
                lock.request(work(loop, name, log)).subscribe();
            }
            for (String name : List.of("S1", "S2")) {
                lock.shared().request(work(loop, name, log)).subscribe();
            }
        });

        assertThat(log).containsExactly("A+", "A-", "B+", "B-", "S1+", "S2+", "S1-", "S2-");
    }

    private static Mono<String> work(EventLoop loop, String name, List<String> log) {
        return Mono.<String>create(sink -> {
                    log.add(name + "+");
                    loop.setTimeout(Duration.ofMillis(5), () -> sink.success(name));
                })
                .doOnSuccess(value -> log.add(name + "-"));
    }

    @Test
    @DisplayName("HW-61: one holder at a time, of many threads, and each gets its own result")
    void oneAtATimeOfManyThreads() {
        AtomicInteger inside = new AtomicInteger();
        int[] unguarded = {0};
        Mono<Integer> step = Mono.fromCallable(() -> {
            assertThat(inside.incrementAndGet()).isEqualTo(1);
            int number = ++unguarded[0];
            assertThat(inside.decrementAndGet()).isZero();
            return number;
        });

        StepVerifier.create(Flux.range(0, 10_000)
                        .flatMap(i -> lock.request(step).subscribeOn(Schedulers.parallel()), 256)
                        .distinct()
                        .count())
                .expectNext(10_000L)
                .expectComplete()
                .verify(LONG);
        assertThat(unguarded[0]).isEqualTo(10_000);
    }

    @Test
    void aSharedRequestDoesNotOvertakeAnExclusiveOne() {
        Disposable reader = hold(lock.shared());
        Disposable writer = lock.request(Mono.never()).subscribe();
        Disposable late = lock.shared().request(Mono.never()).subscribe();

        assertThat(NamedLock.query())
                .containsExactly(
                        new NamedLock.Request("test", Mode.SHARED, true),
                        new NamedLock.Request("test", Mode.EXCLUSIVE, false),
                        new NamedLock.Request("test", Mode.SHARED, false));

        writer.dispose();
        assertThat(NamedLock.query())
                .as("both readers enter when the writer leaves the line")
                .containsExactly(
                        new NamedLock.Request("test", Mode.SHARED, true),
                        new NamedLock.Request("test", Mode.SHARED, true));
        reader.dispose();
        late.dispose();
    }

    @Test
    @DisplayName("HW-61: if available, it is had at once or not at all")
    void ifAvailableDoesNotWait() {
        Disposable holder = hold(lock);
        StepVerifier.create(lock.ifAvailable().request(Mono.just("ran")))
                .expectErrorSatisfies(isFor(LockException.Reason.BUSY))
                .verify(LONG);
        assertThat(NamedLock.query()).hasSize(1);
        holder.dispose();

        Mono<String> first = lock.request(Mono.just("first"));
        StepVerifier.create(first.flatMap(
                        value -> lock.ifAvailable().request(Mono.just(value + ", then second, for it was released"))))
                .expectNext("first, then second, for it was released")
                .expectComplete()
                .verify(LONG);
    }

    @Test
    @DisplayName("HW-61: the old holder fails when the lock is stolen, the thief has it, those who wait go on waiting")
    void aThiefDoesNotWait() {
        AtomicInteger cancelled = new AtomicInteger();
        CompletableFuture<@Nullable Object> holder = lock.request(Mono.never().doOnCancel(cancelled::incrementAndGet))
                .toFuture();
        CompletableFuture<@Nullable String> waiting =
                lock.request(Mono.just("waited")).toFuture();

        StepVerifier.create(lock.steal().request(Mono.fromCallable(NamedLock::query)))
                .expectNext(List.of(
                        new NamedLock.Request("test", Mode.EXCLUSIVE, true),
                        new NamedLock.Request("test", Mode.EXCLUSIVE, false)))
                .expectComplete()
                .verify(LONG);

        assertThat(holder)
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .satisfies(isFor(LockException.Reason.STOLEN));
        assertThat(cancelled).hasValue(1);
        assertThat(waiting).succeedsWithin(LONG).isEqualTo("waited");
    }

    @Test
    void allWhoShareItAreRobbed() {
        CompletableFuture<@Nullable Object> one =
                lock.shared().request(Mono.never()).toFuture();
        CompletableFuture<@Nullable Object> two =
                lock.shared().request(Mono.never()).toFuture();

        StepVerifier.create(lock.steal().request(lock.steal().request(Mono.just("the second thief"))))
                .expectErrorSatisfies(isFor(LockException.Reason.STOLEN))
                .verify(LONG);

        assertThat(one).failsWithin(LONG);
        assertThat(two).failsWithin(LONG);
    }

    @Test
    void whoWasGrantedItButNotYetToldDoesNotRunBesideTheThief() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> {
            Disposable holder = hold(lock);
            lock.request(Mono.fromRunnable(() -> log.add("ran")))
                    .subscribe(
                            null,
                            error -> isFor(LockException.Reason.STOLEN)
                                    .andThen(same -> log.add("stolen"))
                                    .accept(error));
            loop.setImmediate(() -> {
                holder.dispose(); // the other one is told in the next turn
                Disposable thief = hold(lock.steal());
                loop.setTimeout(Duration.ofMillis(5), thief::dispose);
            });
        });

        assertThat(log).containsExactly("stolen");
    }

    @Test
    void whatRunsIsCancelledBeforeTheNextEnters() {
        List<NamedLock.Request> atCancel = new ArrayList<>();
        Disposable holder = lock.request(Mono.never().doOnCancel(() -> atCancel.addAll(NamedLock.query())))
                .subscribe();
        CompletableFuture<@Nullable String> next =
                lock.request(Mono.just("next")).toFuture();

        holder.dispose();

        assertThat(next).succeedsWithin(LONG).isEqualTo("next");
        assertThat(atCancel)
                .containsExactly(
                        new NamedLock.Request("test", Mode.EXCLUSIVE, true),
                        new NamedLock.Request("test", Mode.EXCLUSIVE, false));
    }

    @Test
    void anErrorThatIsFatalToReactorLeavesItFree() {
        Disposable holder = hold(lock);
        lock.request(Mono.defer(() -> {
                    throw new NoClassDefFoundError("as of a class path that has changed");
                }))
                .subscribe();
        CompletableFuture<@Nullable String> next =
                lock.request(Mono.just("next")).toFuture();

        holder.dispose();

        assertThat(next).succeedsWithin(LONG).isEqualTo("next");
        Mono<Object> fatal = Mono.fromCallable(() -> {
            throw new ExceptionInInitializerError("of a lock that is free");
        });
        assertThatThrownBy(() -> lock.request(fatal).subscribe()).isInstanceOf(ExceptionInInitializerError.class);
        assertThatThrownBy(() -> lock.request(fatal.flux()).subscribe())
                .isInstanceOf(ExceptionInInitializerError.class);
    }

    @Test
    void eachSubscriptionIsARequestAndEachNameALock() {
        Disposable holder = hold(lock);
        AtomicInteger runs = new AtomicInteger();
        NamedLock other = NamedLock.of("another");

        StepVerifier.create(
                        other.request(Mono.fromCallable(runs::incrementAndGet)).repeat(2))
                .expectNext(1, 2, 3)
                .expectComplete()
                .verify(LONG);
        Disposable second = other.shared().request(Mono.never()).subscribe();

        assertThat(NamedLock.query())
                .as("by name")
                .containsExactly(
                        new NamedLock.Request("another", Mode.SHARED, true),
                        new NamedLock.Request("test", Mode.EXCLUSIVE, true));
        holder.dispose();
        second.dispose();
    }

    @Test
    void aFluxIsStolenToo() {
        StepVerifier.create(lock.request(Flux.just("a").concatWith(Flux.never())))
                .expectNext("a")
                .then(() -> lock.steal().request(Mono.empty()).subscribe())
                .expectErrorSatisfies(isFor(LockException.Reason.STOLEN))
                .verify(LONG);
    }

    @Test
    void whoWaitsTooLongIsToldAndLeavesTheLine() {
        Disposable holder = hold(lock);

        StepVerifier.withVirtualTime(() -> lock.maxWait(Duration.ofMinutes(1)).request(Mono.just("ran")))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(59))
                .thenAwait(Duration.ofSeconds(1))
                .expectErrorSatisfies(isFor(LockException.Reason.TIMEOUT))
                .verify(LONG);

        assertThat(NamedLock.query()).hasSize(1);
        StepVerifier.withVirtualTime(() -> lock.maxWait(Duration.ofMinutes(1)).request(Mono.delay(Duration.ofHours(1))))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(59))
                .then(holder::dispose)
                .as("only the waiting is limited")
                .expectNoEvent(Duration.ofMinutes(59))
                .thenAwait(Duration.ofMinutes(1))
                .expectNext(0L)
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void whoWaitsTooLongOnALoopIsToldThere() {
        Disposable holder = hold(lock);
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> lock.maxWait(Duration.ofMillis(5))
                .request(Mono.just("ran"))
                .subscribe(log::add, error -> log.add(((LockException) error).reason() + " " + loop.inLoop())));

        assertThat(log).containsExactly("TIMEOUT true");
        holder.dispose();
    }

    @Test
    void aFluxHoldsItUntilItsEnd() {
        Sinks.Many<String> values = Sinks.many().unicast().onBackpressureBuffer();
        List<String> log = new ArrayList<>();
        lock.request(values.asFlux()).subscribe(log::add, error -> log.add(error.getMessage()));

        values.tryEmitNext("a");
        assertThat(NamedLock.query()).hasSize(1);
        values.tryEmitError(new IllegalStateException("boom"));

        assertThat(log).containsExactly("a", "boom");
    }

    @Test
    void whatThrowsOrFailsReleasesIt() {
        StepVerifier.create(lock.request(Mono.error(new IllegalStateException("boom"))))
                .expectErrorMessage("boom")
                .verify(LONG);
        StepVerifier.create(lock.request(Mono.defer(() -> {
                    throw new IllegalStateException("no publisher");
                })))
                .expectErrorMessage("no publisher")
                .verify(LONG);
        StepVerifier.create(lock.ifAvailable().request(Mono.empty()))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    @DisplayName("HW-61: what a worker holds and waits for is free when it has ended")
    void theEndOfAWorkerReleasesWhatItHoldsAndLeavesTheLine() {
        Worker<Void, String> worker = WorkerSpec.<Void, String>of(context -> {
                    lock.request(Mono.never()).subscribe();
                    lock.request(Mono.never()).subscribe();
                    context.parentPort().postMessage("waiting");
                })
                .start();
        StepVerifier.create(worker.messages().take(1))
                .expectNext("waiting")
                .expectComplete()
                .verify(LONG);
        CompletableFuture<@Nullable String> next =
                lock.request(Mono.just("mine")).toFuture();
        assertThat(NamedLock.query()).hasSize(3);

        StepVerifier.create(worker.terminate()).expectNext(1).expectComplete().verify(LONG);

        assertThat(next).succeedsWithin(LONG).isEqualTo("mine");
    }

    @Test
    void aLoopLivesWhileItWaitsAndIsToldThere() {
        List<String> log = new ArrayList<>();
        Sinks.Empty<Void> end = Sinks.empty();
        lock.request(end.asMono()).subscribe();

        EventLoop.run(loop -> {
            lock.request(Mono.fromCallable(() -> "subscribed there: " + loop.inLoop()))
                    .subscribe(said -> log.add(said + ", told there: " + loop.inLoop()));
            Schedulers.parallel().schedule(end::tryEmitEmpty);
        });

        assertThat(log).containsExactly("subscribed there: true, told there: true");
    }

    @Test
    void aLoopThatIsDisposedTellsWhoWaitedThereAndLosesNothingForTheOthers() {
        EventLoop loop = EventLoopSpec.of("short").start();
        Disposable holder = hold(lock);
        CompletableFuture<@Nullable String> there = Mono.defer(() -> lock.request(Mono.just("never")))
                .subscribeOn(loop)
                .toFuture();
        CompletableFuture<@Nullable Integer> queued = Mono.fromCallable(
                        () -> NamedLock.query().size())
                .subscribeOn(loop)
                .toFuture();
        assertThat(queued).succeedsWithin(LONG).isEqualTo(2);
        CompletableFuture<@Nullable String> here =
                lock.request(Mono.just("here")).toFuture();

        loop.dispose();
        holder.dispose();

        assertThat(there).failsWithin(LONG).withThrowableThat().withCauseInstanceOf(RejectedExecutionException.class);
        assertThat(here).succeedsWithin(LONG).isEqualTo("here");
    }

    @Test
    void nothingIsRunOnALoopThatIsDisposedBeforeItIsTold() {
        EventLoop loop = EventLoopSpec.of("short").start();
        AtomicInteger ran = new AtomicInteger();
        CompletableFuture<@Nullable Object> there = Mono.defer(() -> {
                    Disposable holder = hold(lock);
                    return lock.request(Mono.fromRunnable(ran::incrementAndGet))
                            .doOnSubscribe(waits -> loop.setImmediate(() -> {
                                loop.dispose();
                                holder.dispose();
                            }));
                })
                .subscribeOn(loop)
                .toFuture();

        assertThat(there).failsWithin(LONG).withThrowableThat().withCauseInstanceOf(RejectedExecutionException.class);
        assertThat(loop.onDispose().toFuture()).succeedsWithin(LONG);
        assertThat(ran).hasValue(0);
    }

    @Test
    void aLoopThatEndsGracefullyWaitsForIt() {
        EventLoop loop = EventLoopSpec.of("graceful").start();
        Disposable holder = hold(lock);
        CompletableFuture<@Nullable String> there = Mono.defer(() -> {
                    Mono<String> request = lock.request(Mono.just("granted"));
                    loop.setImmediate(() -> loop.disposeGracefully().subscribe());
                    return request;
                })
                .subscribeOn(loop)
                .toFuture();
        Spin.until(loop::isDisposed);

        holder.dispose();

        assertThat(there).succeedsWithin(LONG).isEqualTo("granted");
    }

    @Test
    void nothingIsLostWhereCancelMeetsGrant() {
        AtomicInteger ran = new AtomicInteger();
        Mono<Integer> step = Mono.fromCallable(ran::incrementAndGet);

        StepVerifier.create(Flux.range(0, 20_000)
                        .flatMap(
                                i -> lock.request(step)
                                        .subscribeOn(Schedulers.parallel())
                                        .takeUntilOther(
                                                ThreadLocalRandom.current().nextBoolean()
                                                        ? Mono.never()
                                                        : Mono.fromRunnable(() -> {})
                                                                .subscribeOn(Schedulers.parallel())),
                                64)
                        .then())
                .expectComplete()
                .verify(LONG);

        assertThat(ran).as("some were faster than their cancel").hasPositiveValue();
        StepVerifier.create(lock.request(Mono.just("free")))
                .expectNext("free")
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void whatCannotBeAskedForIsRefusedAtOnce() {
        assertThatIllegalStateException()
                .isThrownBy(() -> lock.shared().steal())
                .withMessageContaining("cannot steal");
        assertThatIllegalStateException()
                .isThrownBy(() -> lock.steal().shared())
                .withMessageContaining("steals");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> lock.maxWait(Duration.ZERO))
                .withMessageContaining("was PT0S");
        assertThat(lock.name()).isEqualTo("test");
    }
}
