// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.Spin;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.publisher.TestPublisher;
import reactor.util.context.Context;

/** How an adopted publisher ends with its loop, and how it lets the loop go. */
class AdoptionEndTest extends OneLoop {

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
    void aMonoHasEndedWithItsValueThoughTheLoopIsDisposedAtIt() {
        List<String> signals = new CopyOnWriteArrayList<>();
        loop.adopt(Mono.just("value")).subscribe(new BaseSubscriber<String>() {
            @Override
            protected void hookOnNext(String value) {
                signals.add(value);
                loop.dispose();
            }

            @Override
            protected void hookOnComplete() {
                signals.add("complete");
            }

            @Override
            protected void hookOnError(Throwable error) {
                signals.add("error " + error);
            }
        });
        loop.onDispose().block(LIMIT);

        assertThat(signals).containsExactly("value", "complete");
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
    void nothingIsDeliveredBehindTheValueAtWhichTheLoopIsDisposed() {
        TestPublisher<Integer> source = TestPublisher.create();
        List<Integer> values = new CopyOnWriteArrayList<>();
        List<Integer> discarded = new CopyOnWriteArrayList<>();
        Flux<Integer> adopted = loop.adopt(source.flux()).doOnDiscard(Integer.class, discarded::add);
        onLoop(() -> {
            adopted.subscribe(
                    value -> {
                        values.add(value);
                        loop.dispose();
                    },
                    ended -> {});
            source.next(1, 2, 3);
        });
        loop.onDispose().block(LIMIT);

        assertThat(values).containsExactly(1);
        assertThat(discarded).containsExactly(2, 3);
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
        AtomicReference<Subscriber<? super Integer>> kept = new AtomicReference<>();
        Publisher<Integer> broken = subscriber -> {
            kept.set(subscriber);
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

        TestPublisher<Integer> late = TestPublisher.create();
        late.subscribe(Objects.requireNonNull(kept.get()));

        late.assertCancelled();
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
            EventLoop ending = transport.start(spec("ending"));
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
}
