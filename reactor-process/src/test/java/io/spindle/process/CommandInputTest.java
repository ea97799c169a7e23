// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.PublisherProbe;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class CommandInputTest {

    @EngineTest
    void textAndBytesAreFedAndEnded(Engine engine) {
        StepVerifier.create(Command.of("cat")
                        .stdin(Input.of("ünï\n"))
                        .engine(engine)
                        .lines())
                .expectNext("ünï")
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(Command.of("wc", "-c")
                        .stdin(Input.of(new byte[1_000_000]))
                        .engine(engine)
                        .lines())
                .expectNext("1000000")
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(Command.of("wc", "-c")
                        .stdin(Input.of(""))
                        .engine(engine)
                        .lines())
                .expectNext("0")
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(Command.of("cat").engine(engine).lines())
                .as("empty by default")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void anEmptyPublisherEndsTheInput(Engine engine) {
        StepVerifier.create(Command.of("cat")
                        .stdin(Input.of(Flux.empty()))
                        .engine(engine)
                        .lines())
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aPublisherThatThrowsWhenItIsSubscribedToIsTheErrorOfTheRun(Engine engine) {
        Input broken = Input.of(subscriber -> {
            throw new IllegalStateException("no input today");
        });

        StepVerifier.create(Command.of("cat").stdin(broken).engine(engine).exec())
                .expectErrorMessage("no input today")
                .verify(GUARD);
    }

    @EngineTest
    void bothWaysAtOnceNeverDeadlockAndTheInputFollowsTheDemand(Engine engine) {
        int chunks = 2000;
        int size = 50_000;
        AtomicInteger made = new AtomicInteger();
        Flux<ByteBuf> input = Flux.range(0, chunks).map(i -> {
            made.incrementAndGet();
            return Unpooled.wrappedBuffer(new byte[size]);
        });

        StepVerifier.create(
                        Command.of("cat")
                                .stdin(Input.of(input))
                                .engine(engine)
                                .output()
                                .map(CommandInputTest::count)
                                .limitRate(1)
                                .scan(0L, Long::sum)
                                .doOnNext(read -> assertThat((long) made.get() * size - read)
                                        .as("bytes on their way")
                                        .isLessThan(5_000_000)), // of which two busy pipes hold 1 MiB each
                        0)
                .thenRequest(1)
                .expectNext(0L)
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(read -> read < (long) chunks * size)
                .expectNext((long) chunks * size)
                .expectComplete()
                .verify(GUARD);
    }

    private static long count(ByteBuf chunk) {
        try {
            return chunk.readableBytes();
        } finally {
            chunk.release();
        }
    }

    @EngineTest
    void aChildThatReadsNothingIsNoErrorAndTheFeederIsCancelled(Engine engine) {
        List<ByteBuf> made = new ArrayList<>();
        PublisherProbe<ByteBuf> input = PublisherProbe.of(Flux.range(0, 10_000).map(i -> {
            ByteBuf buffer = Unpooled.wrappedBuffer(new byte[10_000]);
            made.add(buffer);
            return buffer;
        }));

        StepVerifier.create(Command.of("true")
                        .stdin(Input.of(input.flux()))
                        .engine(engine)
                        .exec())
                .expectNextMatches(ExecResult::isInputCut)
                .expectComplete()
                .verify(GUARD);

        input.assertWasCancelled();
        Await.until("all buffers are released", () -> made.stream().allMatch(buffer -> buffer.refCnt() == 0));
    }

    @EngineTest
    void aChildThatReadsAllHasLeftNothing(Engine engine) {
        Flux<ExecResult> results = Flux.just(Input.of("some"), Input.empty(), Input.ofStrings(Flux.just("so", "me")))
                .concatMap(
                        input -> Command.of("cat").stdin(input).engine(engine).exec());

        StepVerifier.create(results.map(ExecResult::isInputCut))
                .expectNext(false, false, false)
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void chunksThatComeFromSeveralThreadsStayInTheirOrder(Engine engine) {
        Publisher<String> input = subscriber -> subscriber.onSubscribe(new Subscription() {
            private boolean asked;

            @Override
            public void request(long n) { // on the loop of the pipe
                if (!asked) {
                    asked = true;
                    emit();
                }
            }

            private void emit() {
                CountDownLatch sent = new CountDownLatch(1);
                new Thread(() -> {
                            subscriber.onNext("from elsewhere\n");
                            sent.countDown();
                        })
                        .start();
                Spin.until(sent);
                subscriber.onNext("from the loop\n");
                subscriber.onComplete();
            }

            @Override
            public void cancel() {
                throw new AssertionError("nobody cancels");
            }
        });

        StepVerifier.create(Command.of("cat")
                        .stdin(Input.ofStrings(input))
                        .engine(engine)
                        .lines())
                .expectNext("from elsewhere", "from the loop")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aChildThatStopsReadingGetsItsResultThrough(Engine engine) {
        StepVerifier.create(Command.of("head", "-c", "1")
                        .stdin(Input.ofStrings(Flux.just("0123456789").repeat(100_000)))
                        .engine(engine)
                        .lines())
                .expectNext("0")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aFeederThatNeverEndsDoesNotOutliveTheChild(Engine engine) {
        PublisherProbe<ByteBuf> input = PublisherProbe.of(Flux.never());

        StepVerifier.create(Command.of("true")
                        .stdin(Input.of(input.flux()))
                        .engine(engine)
                        .exec())
                .expectNextCount(1)
                .expectComplete()
                .verify(GUARD);

        input.assertWasCancelled();
    }

    @EngineTest
    void anErrorOfTheFeederKillsTheTreeAndIsTheErrorOfTheRun(Engine engine) {
        Flux<String> input = Flux.just("first\n").concatWith(Flux.error(new IllegalStateException("no more")));

        StepVerifier.create(Command.of("cat")
                        .stdin(Input.ofStrings(input))
                        .engine(engine)
                        .exec())
                .expectErrorMessage("no more")
                .verify(GUARD);
        StepVerifier.create(Command.shell("cat >/dev/null; sleep 300")
                        .stdin(Input.ofStrings(input))
                        .stdout(Output.discard())
                        .stderr(Output.discard())
                        .engine(engine)
                        .exec())
                .expectErrorMessage("no more")
                .verify(GUARD);
    }

    @EngineTest
    void theFeederSeesTheContextOfTheSubscriber(Engine engine) {
        Flux<String> input = Flux.deferContextual(context -> Flux.just(context.<String>get("key")));

        StepVerifier.create(Command.of("cat")
                        .stdin(Input.ofStrings(input))
                        .engine(engine)
                        .lines()
                        .contextWrite(context -> context.put("key", "value")))
                .expectNext("value")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aDialogueGoesOnWhileTheChildRuns(Engine engine) {
        Sinks.Many<String> questions = Sinks.many().unicast().onBackpressureBuffer();

        StepVerifier.create(Command.shell("while read x; do echo \"got $x\"; done")
                        .stdin(Input.ofStrings(questions.asFlux()))
                        .timeout(Duration.ofMinutes(1))
                        .engine(engine)
                        .lines())
                .then(() -> questions.emitNext("a\n", Sinks.EmitFailureHandler.FAIL_FAST))
                .expectNext("got a")
                .then(() -> questions.emitNext("b\n", Sinks.EmitFailureHandler.FAIL_FAST))
                .expectNext("got b")
                .then(() -> questions.emitComplete(Sinks.EmitFailureHandler.FAIL_FAST))
                .expectComplete()
                .verify(GUARD);
    }
}
