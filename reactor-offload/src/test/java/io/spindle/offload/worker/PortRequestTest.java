// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class PortRequestTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final MessageChannel<Integer, String> channel = MessageChannel.create(2);
    private final MessagePort<Integer, String> asking = channel.port1();
    private final MessagePort<String, Integer> answering = channel.port2();

    @Test
    @DisplayName("HW-40: an answer, an empty one and an error come back")
    void anAnswerAnEmptyOneAndAnErrorComeBack() {
        IOException failure = new IOException("no luck");
        answering.onRequest(number -> switch (number) {
            case 0 -> Mono.empty();
            case 1 -> Mono.error(failure);
            case 2 -> throw new IllegalStateException("thrown");
            default -> Mono.just("got " + number);
        });

        StepVerifier.create(asking.request(7))
                .expectNext("got 7")
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(asking.request(0)).expectComplete().verify(LONG);
        StepVerifier.create(asking.request(1))
                .expectErrorSatisfies(error -> assertThat(error).isSameAs(failure))
                .verify(LONG);
        StepVerifier.create(asking.request(2)).expectErrorMessage("thrown").verify(LONG);
    }

    @Test
    void requestsWaitForAHandlerAndForRoomAndCancelTakesThemBack() {
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 5; i++) { // two in the queue, three wait for room
            answers.add(asking.request(i).toFuture());
        }
        Disposable sixth = asking.request(5).subscribe();
        Disposable queued = asking.request(6).subscribe();
        sixth.dispose();
        queued.dispose();
        List<Integer> seen = new ArrayList<>();

        answering.onRequest(number -> {
            seen.add(number);
            return Mono.just("got " + number);
        });

        for (int i = 0; i < 5; i++) {
            assertThat(answers.get(i)).succeedsWithin(LONG).isEqualTo("got " + i);
        }
        StepVerifier.create(asking.request(9))
                .expectNext("got 9")
                .expectComplete()
                .verify(LONG);
        assertThat(seen).containsExactly(0, 1, 2, 3, 4, 9);
    }

    @Test
    void aTimeOutCancelsTheWorkWhereItIsDone() throws Exception {
        CompletableFuture<Thread> cancelledOn = new CompletableFuture<>();
        AtomicReference<@Nullable Thread> workerThread = new AtomicReference<>();
        Sinks.Empty<Void> begun = Sinks.empty();
        Worker<String, String> worker = WorkerSpec.<String, String>of(context -> {
                    workerThread.set(Thread.currentThread());
                    context.parentPort()
                            .onRequest(message -> Mono.<String>never()
                                    .doOnSubscribe(work -> begun.tryEmitEmpty())
                                    .doOnCancel(() -> cancelledOn.complete(Thread.currentThread())));
                })
                .start();

        StepVerifier.create(worker.request("never").timeout(begun.asMono()))
                .expectError(TimeoutException.class)
                .verify(LONG);

        assertThat(cancelledOn.get(20, TimeUnit.SECONDS)).isSameAs(workerThread.get());
        worker.terminate().block(LONG);
    }

    @Test
    void parentAndWorkerAskEachOtherAndSignalsComeHome() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> {
            Worker<String, Integer> worker = WorkerSpec.<String, Integer>of(context -> context.parentPort()
                            .onRequest(text -> context.parentPort()
                                    .request(text.length())
                                    .filter(answer -> context.loop().inLoop())
                                    .map(String::length)))
                    .start();
            worker.onRequest(number -> {
                log.add("asked " + number + " " + loop.inLoop());
                return Mono.just("x".repeat(2 * number));
            });
            worker.request("abc")
                    .doOnNext(answer -> log.add("answer " + answer + " " + loop.inLoop()))
                    .then(worker.disposeGracefully())
                    .subscribe();
        });

        assertThat(log).containsExactly("asked 3 true", "answer 6 true");
    }

    @Test
    void theAskersContextReachesTheHandler() {
        answering.onRequest(number -> Mono.deferContextual(context -> Mono.just(context.get("user") + " " + number)));

        StepVerifier.create(asking.request(1).contextWrite(context -> context.put("user", "ada")))
                .expectNext("ada 1")
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void closeFailsThoseThatWaitAndCancelsTheWork() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        answering.onRequest(number ->
                Mono.<String>never().doOnSubscribe(s -> started.countDown()).doOnCancel(cancelled::countDown));
        CompletableFuture<@Nullable String> answer = asking.request(1).toFuture();
        assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();

        asking.close();

        assertThat(answer)
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(PortClosedException.class)
                .withMessageContaining("the request was not answered");
        assertThat(cancelled.await(20, TimeUnit.SECONDS)).isTrue();
        StepVerifier.create(asking.request(2))
                .expectError(PortClosedException.class)
                .verify(LONG);
    }

    @Test
    void theEndOfTheWorkerFailsWhatItDidNotAnswer() {
        Worker<String, String> dying = WorkerSpec.<String, String>of(context -> context.parentPort()
                        .onRequest(message -> Mono.<String>never().doOnSubscribe(subscription -> context.exit(3))))
                .start();
        StepVerifier.create(dying.request("die"))
                .expectError(PortClosedException.class)
                .verify(LONG);

        Worker<String, String> deaf =
                WorkerSpec.<String, String>of(context -> {}).start();
        StepVerifier.create(deaf.request("hello"))
                .expectError(PortClosedException.class)
                .verify(LONG);
    }

    @Test
    void theEndOfTheHandlersLoopFailsWhatItIsAt() {
        CompletableFuture<String> answer = new CompletableFuture<>();

        EventLoop.run(loop -> {
            answering.onRequest(number -> Mono.<String>never()
                    .doOnSubscribe(subscription -> loop.setTimeout(Duration.ofMillis(5), () -> loop.exit(0))));
            asking.request(1)
                    .subscribeOn(Schedulers.parallel())
                    .subscribe(answer::complete, answer::completeExceptionally);
        });

        assertThat(answer).failsWithin(LONG).withThrowableOfType(CancellationException.class);
    }

    @Test
    void theEndOfTheAskersLoopEndsWhatWasAskedThereAndNothingElse() throws Exception {
        CompletableFuture<EventLoop> askersLoop = new CompletableFuture<>();
        CountDownLatch cancelled = new CountDownLatch(1);
        Sinks.One<String> answer = Sinks.one();
        answering.onRequest(number -> number == 2
                ? answer.asMono()
                : Mono.<String>never()
                        .doOnSubscribe(subscription -> askersLoop.join().exit(0))
                        .doOnCancel(cancelled::countDown));
        CompletableFuture<@Nullable String> other = asking.request(2).toFuture();
        List<Object> signals = new CopyOnWriteArrayList<>();

        EventLoop.run(loop -> {
            askersLoop.complete(loop);
            asking.request(1).doOnEach(signals::add).subscribe();
        });

        assertThat(cancelled.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(signals).isEmpty();
        answer.tryEmitValue("still answered").orThrow();
        assertThat(other).succeedsWithin(LONG).isEqualTo("still answered");
    }

    @Test
    void whoAskedOnALoopThatIsDisposedIsTold() throws Exception {
        CompletableFuture<EventLoop> askersLoop = new CompletableFuture<>();
        CountDownLatch cancelled = new CountDownLatch(1);
        answering.onRequest(number -> Mono.<String>never()
                .doOnSubscribe(subscription -> askersLoop.join().dispose())
                .doOnCancel(cancelled::countDown));
        CompletableFuture<Object> end = new CompletableFuture<>();

        EventLoop loop = EventLoop.create("dying");
        askersLoop.complete(loop);
        loop.schedule(() -> asking.request(1).subscribe(end::complete, end::complete));

        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(RejectedExecutionException.class);
        assertThat(cancelled.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void anEmptyAnswerOrAnErrorJustBeforeTheHandlerIsDisposedArrives() {
        IOException failure = new IOException("no luck");

        assertThat(answerBeforeTheHandlerIsDisposed(Mono.empty()))
                .succeedsWithin(LONG)
                .isNull();
        assertThat(answerBeforeTheHandlerIsDisposed(Mono.error(failure)))
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .isSameAs(failure);
    }

    private CompletableFuture<@Nullable String> answerBeforeTheHandlerIsDisposed(Mono<String> last) {
        CompletableFuture<@Nullable String> answer = new CompletableFuture<>();
        EventLoop.run(loop -> {
            Disposable[] handling = new Disposable[1];
            handling[0] = answering.onRequest(number -> {
                loop.nextTick(() -> handling[0].dispose()); // in the turn in which it answers
                return last;
            });
            asking.request(1)
                    .subscribeOn(Schedulers.parallel())
                    .subscribe(answer::complete, answer::completeExceptionally, () -> answer.complete(null));
        });
        return answer;
    }

    @Test
    void aGracefulEndAnswersWhatWasAskedBefore() {
        Worker<Integer, Integer> worker = WorkerSpec.<Integer, Integer>of(context -> context.parentPort()
                        .onRequest(number -> Mono.just(number).delayElement(Duration.ofMillis(5))))
                .start();
        Mono<Long> answered = Flux.range(0, 100).flatMap(worker::request, 100).count();
        CompletableFuture<@Nullable Long> count = answered.toFuture();

        StepVerifier.create(worker.disposeGracefully()).expectComplete().verify(LONG);

        assertThat(count).succeedsWithin(LONG).isEqualTo(100L);
    }

    @Test
    void oneHandlerAtATimeAndTheNextGoesOn() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        Disposable first =
                answering.onRequest(number -> Mono.<String>never().doOnSubscribe(subscription -> started.countDown()));
        assertThatIllegalStateException()
                .isThrownBy(() -> answering.onRequest(number -> Mono.empty()))
                .withMessageContaining("has a request handler already");
        CompletableFuture<@Nullable String> lost = asking.request(1).toFuture();
        assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();

        first.dispose();

        assertThat(lost).failsWithin(LONG).withThrowableOfType(CancellationException.class);
        answering.onRequest(number -> Mono.just("second"));
        StepVerifier.create(asking.request(2))
                .expectNext("second")
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void everyRequestIsAnsweredOnceAndRandomCancelsLeaveNothing() {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Worker<Integer, Integer> worker = WorkerSpec.<Integer, Integer>of(context -> context.parentPort()
                        .onRequest(number -> Mono.defer(() -> {
                                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                                    return number % 3 == 0
                                            ? Mono.just(number).delayElement(Duration.ofMillis(1))
                                            : Mono.just(number);
                                })
                                .doFinally(end -> running.decrementAndGet())))
                .queueCapacity(16)
                .start();

        Mono<Long> answered = Flux.range(0, 5_000)
                .flatMap(
                        number -> number % 7 == 0
                                ? worker.request(number)
                                        .takeUntilOther(Mono.delay(Duration.ofNanos(number * 200L)))
                                        .then(Mono.<Integer>empty())
                                : worker.request(number),
                        500)
                .distinct()
                .count();

        StepVerifier.create(answered).expectNext(5_000L - 715).expectComplete().verify(LONG);
        StepVerifier.create(worker.disposeGracefully()).expectComplete().verify(LONG);
        assertThat(running).hasValue(0);
        assertThat(most.get()).isBetween(1, 256);
    }
}
