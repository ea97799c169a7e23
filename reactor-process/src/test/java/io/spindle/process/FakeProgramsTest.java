// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class FakeProgramsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final FakePrograms programs = FakePrograms.create();

    private static FakeProgram program() {
        return FakeProgram.create();
    }

    private FakeCall onlyCall() {
        assertThat(programs.calls()).hasSize(1);
        return programs.calls().get(0);
    }

    @Test
    void execCollectsWhatTheFakeWrites() {
        programs.on("git", program().stdout("one\ntwo\n").stderr("careful\n"));

        ExecResult result = programs.command("git", "log").exec().block(PATIENCE);

        assertThat(result).isNotNull();
        assertThat(result.stdout()).isEqualTo("one\ntwo\n");
        assertThat(result.stderr()).isEqualTo("careful\n");
        assertThat(result.status().isSuccess()).isTrue();
    }

    @Test
    void commandsOfTheCodeUnderTestAreFakedThroughTheContext() {
        programs.on("git", program().stdout("one\ntwo\n"));

        StepVerifier.create(Command.of("git", "log").lines().contextWrite(programs::writeTo))
                .expectNext("one", "two")
                .expectComplete()
                .verify(PATIENCE);
        assertThat(onlyCall().args()).containsExactly("log");
    }

    @Test
    void aCallTellsWhatItWasGivenAndHowItEnded() {
        programs.on("tool", program().readStdin().stdout(FakeCall::stdin).exit(3));

        Command command = programs.command("tool", "-x")
                .directory(Path.of("/no/such"))
                .env("A", "b")
                .unsetEnv("HOME")
                .stdin(Input.ofStrings(Flux.just("in", "put").delayElements(Duration.ofMillis(1))))
                .exitCodes(3);
        ExecResult result = command.exec().block(PATIENCE);

        assertThat(result).isNotNull();
        assertThat(result.stdout()).isEqualTo("input");
        FakeCall call = onlyCall();
        assertThat(call.args()).containsExactly("-x");
        assertThat(call.directory()).contains(Path.of("/no/such"));
        assertThat(call.env()).containsExactly(java.util.Map.entry("A", "b"));
        assertThat(call.stdin()).isEqualTo("input");
        assertThat(call.status()).contains(result.status());
        assertThat(result.status().code()).isEqualTo(3);
        assertThat(call.command()).isSameAs(command);
    }

    @Test
    void anExitCodeThatIsNotAcceptedIsTheErrorOfRealPrograms() {
        programs.on("git", program().stderr("fatal: no\n").exit(128));

        assertThatThrownBy(() -> programs.command("git").exec().block(PATIENCE))
                .isInstanceOfSatisfying(ExecException.class, error -> {
                    assertThat(error.reason()).isEqualTo(ExecException.Reason.EXIT_CODE);
                    assertThat(error.status().code()).isEqualTo(128);
                    assertThat(error.stderr()).isEqualTo("fatal: no\n");
                });
    }

    @Test
    void aProgramWithoutAnAnswerIsMissing() {
        assertThatThrownBy(() -> programs.command("git").exec().block(PATIENCE))
                .isInstanceOfSatisfying(
                        SpawnException.class,
                        error -> assertThat(error.reason()).isEqualTo(SpawnException.Reason.PROGRAM_MISSING));
        assertThat(programs.calls()).isEmpty();
    }

    @Test
    void anAnswerMayDependOnTheArgumentsAndItsErrorIsThatOfTheStart() {
        programs.on("git", call -> {
            if (call.args().isEmpty()) {
                throw new IllegalStateException("no arguments");
            }
            return program().stdout(call.args().get(0));
        });

        ExecResult result = programs.command("git", "x").exec().block(PATIENCE);

        assertThat(result).isNotNull();
        assertThat(result.stdout()).isEqualTo("x");
        assertThatThrownBy(() -> programs.command("git").exec().block(PATIENCE)).hasMessage("no arguments");
    }

    @Test
    void delaysPassInVirtualTime() {
        programs.on("slow", program().stdout("a\n").delay(Duration.ofHours(1)).stdout("b\n"));

        StepVerifier.withVirtualTime(() -> programs.command("slow").lines())
                .expectSubscription()
                .expectNext("a")
                .expectNoEvent(Duration.ofMinutes(59))
                .thenAwait(Duration.ofMinutes(1))
                .expectNext("b")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aTimeoutAsksAndAfterTheGraceKillsInVirtualTime() {
        programs.on("stubborn", program().ignore(Signal.TERM).hang());

        StepVerifier.withVirtualTime(() -> programs.command("stubborn")
                        .timeout(Duration.ofMinutes(10))
                        .grace(Duration.ofMinutes(1))
                        .exec())
                .expectSubscription()
                .expectNoEvent(Duration.ofMinutes(10).plusSeconds(59))
                .thenAwait(Duration.ofSeconds(1))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(ExecException.class);
                    assertThat(((ExecException) error).reason()).isEqualTo(ExecException.Reason.TIMEOUT);
                    assertThat(((ExecException) error).status().signal()).contains(Signal.KILL);
                })
                .verify(PATIENCE);
        assertThat(onlyCall().signals()).containsExactly(Signal.TERM, Signal.KILL);
    }

    @Test
    void anIdleTimeoutPassesInVirtualTimeToo() {
        programs.on(
                "hung", program().delay(Duration.ofMinutes(30)).stdout("a\n").hang());

        StepVerifier.withVirtualTime(() -> programs.command("hung")
                        .idleTimeout(Duration.ofHours(1))
                        .lines())
                .expectSubscription()
                .expectNoEvent(Duration.ofMinutes(29))
                .thenAwait(Duration.ofMinutes(1))
                .expectNext("a")
                .expectNoEvent(Duration.ofMinutes(59))
                .thenAwait(Duration.ofMinutes(1))
                .expectErrorSatisfies(error ->
                        assertThat(((ExecException) error).reason()).isEqualTo(ExecException.Reason.IDLE_TIMEOUT))
                .verify(PATIENCE);
        assertThat(onlyCall().signals()).containsExactly(Signal.TERM);
    }

    @Test
    void durationsAreVirtualToo() {
        programs.on("slow", program().delay(Duration.ofHours(1)));

        StepVerifier.withVirtualTime(() -> programs.command("slow").exec().map(ExecResult::duration))
                .thenAwait(Duration.ofHours(1))
                .expectNext(Duration.ofHours(1))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void retriesWithBackoffAreTestedWithoutWaiting() {
        AtomicInteger starts = new AtomicInteger();
        programs.on("flaky", call -> program().exit(starts.incrementAndGet() < 3 ? 1 : 0));

        StepVerifier.withVirtualTime(() -> programs.command("flaky")
                        .exec()
                        .retryWhen(reactor.util.retry.Retry.fixedDelay(5, Duration.ofHours(1)))
                        .map(result -> result.status().code()))
                .thenAwait(Duration.ofHours(2))
                .expectNext(0)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(programs.calls()).hasSize(3);
    }

    @Test
    void aFakeWritesNoMoreThanThePipeHoldsBeforeItIsRead() {
        AtomicInteger written = new AtomicInteger();
        FakeProgram endless = program();
        for (int i = 0; i < 100; i++) {
            endless = endless.stdout(call -> {
                written.incrementAndGet();
                return "x".repeat(64 << 10);
            });
        }
        programs.on("yes", endless);

        StepVerifier.withVirtualTime(() -> programs.command("yes").output().map(FakeProgramsTest::size), 0)
                .thenRequest(1)
                .expectNextCount(1)
                .thenAwait(Duration.ofHours(1))
                .then(() -> assertThat(written.get()).isLessThan(10))
                .thenCancel()
                .verify(PATIENCE);
        assertThat(onlyCall().status().flatMap(ExitStatus::signal)).isPresent();
    }

    private static int size(ByteBuf chunk) {
        try {
            return chunk.readableBytes();
        } finally {
            chunk.release();
        }
    }

    @Test
    void aLargeInputReachesAFakeThatReadsIt() {
        programs.on(
                "wc",
                program()
                        .delay(Duration.ofMillis(1))
                        .readStdin()
                        .stdout(call -> "" + call.stdin().length()));
        byte[] large = "y".repeat(300_000).getBytes(StandardCharsets.UTF_8);

        ExecResult result = programs.command("wc")
                .stdin(Input.of(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(large))))
                .exec()
                .block(PATIENCE);

        assertThat(result).isNotNull();
        assertThat(result.stdout()).isEqualTo("300000");
    }

    @Test
    void anInputThatTheFakeDoesNotReadIsCancelledAtItsEnd() {
        programs.on("true", program().delay(Duration.ofMillis(1)));

        ExecResult result = programs.command("true")
                .stdin(Input.ofStrings(Flux.generate(sink -> sink.next("y\n"))))
                .exec()
                .block(PATIENCE);

        assertThat(result).isNotNull();
        assertThat(onlyCall().stdin().length()).isBetween(1, 64 << 10);
    }

    @Test
    void aSpawnedFakeHasThePhasesOfARealOne() {
        programs.on("server", program().stdout("ready\n").hang());

        ChildProcess child = programs.command("server").spawn().block(PATIENCE);

        assertThat(child).isNotNull();
        assertThat(child.pid()).isGreaterThan(Integer.MAX_VALUE);
        assertThat(child.isAlive()).isTrue();
        assertThat(child.stdout().map(FakeProgramsTest::size).blockFirst(PATIENCE))
                .isEqualTo(6);
        ExitStatus status = child.disposeGracefully().block(PATIENCE);
        assertThat(status).isNotNull();
        assertThat(status.signal()).contains(Signal.TERM);
        assertThat(child.close().block(PATIENCE)).isEqualTo(status);
        assertThat(child.isAlive()).isFalse();
        assertThat(child.kill(Signal.TERM)).isFalse();
    }

    @Test
    void disposeKillsAFake() {
        programs.on("server", program().ignore(Signal.TERM).hang());
        ChildProcess child = programs.command("server").spawn().block(PATIENCE);
        assertThat(child).isNotNull();

        child.dispose();

        ExitStatus status = child.exit().block(PATIENCE);
        assertThat(status).isNotNull();
        assertThat(status.signal()).contains(Signal.KILL);
    }

    @Test
    void aPipelineOfFakesIsConnected() {
        programs.on("producer", program().stdout("b\na\n"))
                .on("sort", program().readStdin().stdout(FakeCall::stdin).stdout("sorted\n"));

        StepVerifier.create(
                        Command.of("producer").pipe(Command.of("sort")).lines().contextWrite(programs::writeTo))
                .expectNext("b", "a", "sorted")
                .expectComplete()
                .verify(PATIENCE);
        assertThat(programs.calls()).extracting(FakeCall::stdin).containsExactly("", "b\na\n");
    }

    @Test
    void nobodyLeftToReadEndsAFakeByTheSignalPipe() {
        programs.on("yes", program().stdout("y\n".repeat(500_000)))
                .on("head", program().stdout("y\n"));

        StepVerifier.create(programs.command("yes")
                        .pipe(programs.command("head"))
                        .exec()
                        .map(result -> result.stages().get(0).status().signal()))
                .expectNext(java.util.Optional.of(Signal.PIPE))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void mergedErrorsComeInTheOrderOfWriting() {
        programs.on("make", program().stdout("1\n").stderr("2\n").stdout("3\n"));

        StepVerifier.create(programs.command("make").stderr(Output.merged()).lines())
                .expectNext("1", "2", "3")
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void resultsComeHomeToTheEventLoop() {
        programs.on("git", program().delay(Duration.ofMillis(5)).stdout("one\n"));
        List<String> seen = new ArrayList<>();

        int code = EventLoop.run(loop -> programs.command("git").output().subscribe(chunk -> {
            seen.add(size(chunk) + " " + loop.inLoop());
        }));

        assertThat(code).isZero();
        assertThat(seen).containsExactly("4 true");
    }

    @Test
    void testsSideBySideDoNotMeet() {
        List<Integer> codes = Flux.range(0, 64)
                .flatMap(code -> {
                    FakePrograms own =
                            FakePrograms.create().on("tool", program().exit(code));
                    return Command.of("tool")
                            .exitCodes(any -> true)
                            .exec()
                            .map(result -> result.status().code() - code)
                            .contextWrite(own::writeTo)
                            .subscribeOn(Schedulers.boundedElastic());
                })
                .collectList()
                .block(PATIENCE);

        assertThat(codes).hasSize(64).containsOnly(0);
    }

    @Test
    void wrongArgumentsAreToldAtOnce() {
        assertThatThrownBy(() -> program().exit(256)).hasMessage("code must be from 0 to 255, was 256");
        assertThatThrownBy(() -> program().delay(Duration.ofMillis(-1))).hasMessageContaining("delay");
    }
}
