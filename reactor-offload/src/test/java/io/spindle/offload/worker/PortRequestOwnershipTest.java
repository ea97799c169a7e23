// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What is {@link Owned} and asked or answered is taken or released, whatever happens meanwhile. */
@ExtendWith(LeakCheck.class)
class PortRequestOwnershipTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final MessageChannel<Owned<String>, Owned<String>> channel = MessageChannel.create(2);
    private final Set<Owned<String>> live = ConcurrentHashMap.newKeySet();
    private final AtomicInteger made = new AtomicInteger();

    private Owned<String> owned() {
        AtomicInteger number = new AtomicInteger(made.incrementAndGet());
        Owned<String> one = Owned.of("thing " + number, thing -> {
            assertThat(number.getAndSet(0)).as("released once").isPositive();
        });
        live.add(one);
        return one;
    }

    private void awaitAllReleased() {
        long end = System.nanoTime() + LONG.toNanos();
        Spin.until(() -> live.stream().allMatch(Owned::isDisposed) || System.nanoTime() - end > 0);
        assertThat(live).allMatch(Owned::isDisposed);
    }

    @Test
    void aQuestionThatNoHandlerTookIsReleasedWhenNobodyWaits() {
        Disposable first = channel.port1().request(owned()).subscribe();
        Disposable second = channel.port1().request(owned()).subscribe();
        Disposable waitsForRoom = channel.port1().request(owned()).subscribe();
        assertThat(live).noneMatch(Owned::isDisposed);

        first.dispose();
        second.dispose();
        waitsForRoom.dispose();

        assertThat(live).hasSize(3).allMatch(Owned::isDisposed);
    }

    @Test
    void aQuestionThatNoHandlerTookIsReleasedWhenThePortOrTheWorkerEnds() throws Exception {
        CompletableFuture<?> failed = channel.port1().request(owned()).toFuture();
        channel.port2().close();
        assertThat(failed).failsWithin(LONG);
        StepVerifier.create(channel.port1().request(owned()))
                .expectError(PortClosedException.class)
                .verify(LONG);
        Worker<Owned<String>, Void> deaf = WorkerSpec.<Owned<String>, Void>of(
                        context -> context.loop().setInterval(Duration.ofDays(1), () -> {}))
                .start();
        CompletableFuture<?> unheard = deaf.request(owned()).toFuture();

        deaf.terminate().block(LONG);

        assertThat(unheard).failsWithin(LONG);
        assertThat(live).hasSize(3).allMatch(Owned::isDisposed);
    }

    @Test
    void aQuestionThatAHandlerTookIsItsOwn() {
        CompletableFuture<Owned<String>> taken = new CompletableFuture<>();
        channel.port2().onRequest(question -> {
            taken.complete(question);
            return Mono.never();
        });

        Disposable asking = channel.port1().request(owned()).subscribe();
        assertThat(taken).succeedsWithin(LONG);
        asking.dispose();
        channel.port1().close();

        assertThat(taken.join().isDisposed()).isFalse();
    }

    @Test
    void anAnswerAfterTheCancelIsReleased() throws Exception {
        CompletableFuture<CoreSubscriber<? super Owned<String>>> late = new CompletableFuture<>();
        channel.port2()
                .onRequest(question -> Mono.fromDirect(actual -> {
                    question.dispose();
                    CoreSubscriber<? super Owned<String>> subscriber = (CoreSubscriber<? super Owned<String>>) actual;
                    subscriber.onSubscribe(new DeafSubscription());
                    late.complete(subscriber);
                }));
        Disposable asking = channel.port1().request(owned()).subscribe();
        CoreSubscriber<? super Owned<String>> answering = late.get(20, TimeUnit.SECONDS);

        asking.dispose();
        Owned<String> answer = owned();
        answering.onNext(answer);
        answering.onComplete();

        assertThat(answer.isDisposed()).isTrue();
    }

    @Test
    void anAnswerOnItsWayToAWorkerThatIsTerminatedIsReleased() throws Exception {
        Sinks.One<Owned<String>> answer = Sinks.one();
        Worker<Owned<String>, Owned<String>> worker = WorkerSpec.<Owned<String>, Owned<String>>of(context -> {
                    context.parentPort().request(owned()).subscribe();
                    Spin.until(Thread.currentThread()::isInterrupted); // takes nothing off its queue until then
                })
                .start();
        worker.onRequest(question -> {
            question.dispose();
            return answer.asMono();
        });
        Spin.until(() -> answer.currentSubscriberCount() == 1);
        Owned<String> onItsWay = owned();
        answer.tryEmitValue(onItsWay).orThrow();
        assertThat(onItsWay.isDisposed()).isFalse();

        assertThat(worker.terminate().block(LONG)).isEqualTo(1);

        assertThat(live).hasSize(2).allMatch(Owned::isDisposed);
    }

    @Test
    void aQuestionThatNoHandlerTookIsReleasedWhenTheLoopEndsThatItWasAskedOn() {
        EventLoop.run(loop -> {
            for (int i = 0; i < 3; i++) { // two in the queue, one waits for room
                channel.port1().request(owned()).subscribe();
            }
            loop.exit(0);
        });

        assertThat(live).hasSize(3).allMatch(Owned::isDisposed);
        channel.port2().onRequest(question -> {
            question.dispose();
            return Mono.empty();
        });
        StepVerifier.create(channel.port1().request(owned())).expectComplete().verify(LONG);
    }

    @Test
    void anAnswerThatIsNotTakenIsReleased() {
        channel.port2().onRequest(question -> {
            question.dispose();
            return Mono.fromSupplier(this::owned);
        });
        Mono<Owned<String>> request =
                Mono.defer(() -> channel.port1().request(owned())).doOnNext(Owned::dispose);

        // a parallel worker that is busy keeps the answer on its way home until the asker has gone
        Flux.range(0, 200)
                .flatMap(i ->
                        Mono.fromRunnable(() -> request.subscribe().dispose()).subscribeOn(Schedulers.parallel()))
                .blockLast(LONG);

        awaitAllReleased();
    }

    @Test
    void randomCancelsLoseNothing() {
        Worker<Owned<String>, Owned<String>> worker = WorkerSpec.<Owned<String>, Owned<String>>of(context ->
                        context.parentPort().onRequest(question -> {
                            question.dispose();
                            return made.get() % 3 == 0
                                    ? Mono.fromSupplier(this::owned).delayElement(Duration.ofNanos(50_000))
                                    : Mono.fromSupplier(this::owned);
                        }))
                .queueCapacity(16)
                .start();

        Flux.range(0, 5_000)
                .flatMap(
                        i -> Mono.defer(() -> worker.request(owned()))
                                .doOnNext(Owned::dispose)
                                .doOnDiscard(Disposable.class, Disposable::dispose)
                                .takeUntilOther(
                                        i % 7 == 0 ? Mono.never() : Mono.delay(Duration.ofNanos(i % 500 * 1_000L))),
                        200)
                .blockLast(LONG);
        worker.disposeGracefully().block(LONG);

        assertThat(made.get()).isGreaterThan(2 * 714); // questions and answers of those that are not cancelled
        awaitAllReleased();
    }

    /** Of a publisher that emits after a cancel. */
    private static final class DeafSubscription implements Subscription {

        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    }
}
