// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class CommandLimitsTest {

    private static ExecException failure(Publisher<?> run) {
        AtomicReference<ExecException> failure = new AtomicReference<>();
        StepVerifier.create(Flux.from(run).then())
                .consumeErrorWith(error -> failure.set((ExecException) error))
                .verify(GUARD);
        return Objects.requireNonNull(failure.get());
    }

    @EngineTest
    void aGrandchildThatHoldsThePipeDelaysExecByTheDrainOnly(Engine engine) {
        Command command = Command.shell("sleep 300 & echo $!; head -c 100000 /dev/zero")
                .drain(Duration.ofMillis(100))
                .engine(engine);

        ExecResult result = Objects.requireNonNull(command.exec().block(GUARD));

        int end = result.stdout().indexOf('\n');
        assertThat(result.stdout()).as("all that the process itself wrote").hasSize(end + 1 + 100000);
        long grandchild = Long.parseLong(result.stdout().substring(0, end));
        assertThat(Await.isRunning(grandchild)).as("is left alone").isTrue();
        ProcessHandle.of(grandchild).orElseThrow().destroyForcibly();
    }

    @EngineTest
    void aSlowSubscriberLosesNothingWhenTheDrainIsOver(Engine engine) {
        Command command = Command.shell("head -c 60000 /dev/zero; echo; echo end")
                .drain(Duration.ZERO)
                .engine(engine);

        StepVerifier.create(command.lines(), 0)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(200))
                .thenRequest(1)
                .expectNextMatches(line -> line.length() == 60000)
                .thenRequest(1)
                .expectNext("end")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aTimeoutEndsTheTreeAndTellsSo(Engine engine) {
        Path here = Path.of("").toAbsolutePath();
        Command command = Command.shell("echo before; sleep 300; echo after")
                .directory(here)
                .timeout(Duration.ofSeconds(2))
                .engine(engine);

        ExecException failed = failure(command.exec());

        assertThat(failed.reason()).isEqualTo(ExecException.Reason.TIMEOUT);
        assertThat(failed.stdout()).isEqualTo("before\n");
        assertThat(failed.status().signal()).contains(Signal.TERM);
        assertThat(failed.duration()).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
        assertThat(failed)
                .hasMessageContaining("PT2S")
                .hasMessageContaining("sleep 300")
                .hasMessageContaining("(in " + here + ")");
    }

    @EngineTest
    void aTimeoutBoundsARunWhosePipeAGrandchildHoldsAgainstTerm(Engine engine) {
        Command command = Command.shell("(trap '' TERM; while :; do sleep 300; done) & while :; do sleep 300; done")
                .timeout(Duration.ofMillis(200))
                .grace(Duration.ofMillis(100))
                .drain(Duration.ofMillis(100))
                .engine(engine);

        assertThat(failure(command.exec()).reason()).isEqualTo(ExecException.Reason.TIMEOUT);
    }

    @EngineTest
    void silenceForTheIdleTimeoutEndsTheTreeAndTellsSo(Engine engine) {
        Command command = Command.shell("echo before; sleep 300; echo after")
                .idleTimeout(Duration.ofSeconds(2))
                .engine(engine);

        ExecException failed = failure(command.exec());

        assertThat(failed.reason()).isEqualTo(ExecException.Reason.IDLE_TIMEOUT);
        assertThat(failed.stdout()).isEqualTo("before\n");
        assertThat(failed.status().signal()).contains(Signal.TERM);
        assertThat(failed).hasMessageContaining("idle").hasMessageContaining("PT2S");
    }

    @EngineTest
    void aProcessThatWaitsForItsSubscriberIsNotIdle(Engine engine) {
        Command command = Command.of("head", "-c", "1000000", "/dev/zero")
                .idleTimeout(Duration.ofSeconds(2))
                .engine(engine);

        StepVerifier.create(command.output().map(ChildProcessTest::text).map(String::length), 1)
                .expectNextCount(1)
                .expectNoEvent(Duration.ofMillis(2500))
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(length -> length > 0)
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void anyOutputPutsTheIdleTimeoutOff(Engine engine) {
        Command command = Command.shell("for i in 1 2 3 4 5 6 7 8; do sleep 0.5; echo $i >&2; done; echo end")
                .idleTimeout(Duration.ofSeconds(3))
                .engine(engine);

        StepVerifier.create(command.lines()).expectNext("end").expectComplete().verify(GUARD);
    }

    @EngineTest
    void aTimeoutThatIsNotReachedChangesNothing(Engine engine) {
        StepVerifier.create(Command.of("echo", "x")
                        .timeout(Duration.ofDays(100_000))
                        .engine(engine)
                        .lines())
                .expectNext("x")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void tooMuchOutputIsCutBetweenTwoCharactersAndEndsTheProgram(Engine engine) {
        Command command = Command.shell("while :; do printf €€€€€€€€€€; done")
                .maxBuffer(100)
                .engine(engine);

        ExecException failed = failure(command.exec());

        assertThat(failed.reason()).isEqualTo(ExecException.Reason.MAX_BUFFER);
        assertThat(failed.stdout()).isEqualTo("€".repeat(33));
        assertThat(failed.status().signal()).contains(Signal.KILL);
    }

    @EngineTest
    @DisplayName("HC-52: without a limit much output is a success")
    void withoutALimitMoreThanTheDefaultIsFine(Engine engine) {
        ExecResult result = Objects.requireNonNull(Command.of("head", "-c", "20000000", "/dev/zero")
                .maxBuffer(Long.MAX_VALUE)
                .engine(engine)
                .exec()
                .block(GUARD));

        assertThat(result.stdout()).hasSize(20_000_000);
        assertThat(result.isTruncated()).isFalse();
    }

    @EngineTest
    void asMuchOutputAsIsAllowedIsFine(Engine engine) {
        StepVerifier.create(Command.of("printf", "12345")
                        .maxBuffer(5)
                        .engine(engine)
                        .exec())
                .assertNext(result -> {
                    assertThat(result.stdout()).isEqualTo("12345");
                    assertThat(result.isTruncated()).isFalse();
                })
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void theResultTellsThatEitherOutputWasCutAndHoldsNoHalfCharacter(Engine engine) {
        Command out = Command.shell("printf €€€").maxBuffer(4, LongOutput.CUT).engine(engine);
        Command err = Command.shell("printf €; printf €€ >&2").maxBuffer(5, LongOutput.CUT);

        StepVerifier.create(Flux.concat(
                                out.exec(),
                                err.engine(engine).exec(),
                                out.maxBuffer(9, LongOutput.CUT).exec())
                        .map(result -> result.stdout() + "|" + result.stderr() + "|" + result.isTruncated()))
                .expectNext("€||true", "€|€|true", "€€€||false")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aLongLineFailsTheRunAndEndsTheProgram(Engine engine) {
        Command command =
                Command.of("cat", "/dev/zero").maxLine(1000, LongLine.FAIL).engine(engine);

        assertThat(failure(command.lines()).reason()).isEqualTo(ExecException.Reason.LONG_LINE);
    }

    @EngineTest
    void aLongLineThatIsCutDoesNotStopTheReader(Engine engine) {
        Command command = Command.shell("head -c 5000000 /dev/zero; echo; echo ready")
                .maxLine(65536, LongLine.CUT)
                .engine(engine);

        StepVerifier.create(command.lines().map(String::strip))
                .expectNextMatches(line -> line.length() == 65536)
                .expectNext("ready")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void linesFailAfterTheLastLineWithTheTailOfStderr(Engine engine) {
        Command command = Command.shell("echo line; seq 1 30000 >&2; exit 9").engine(engine);

        StepVerifier.create(command.lines())
                .expectNext("line")
                .expectErrorSatisfies(error -> {
                    ExecException failed = (ExecException) error;
                    assertThat(failed.status().code()).isEqualTo(9);
                    assertThat(failed.stdout()).isEmpty();
                    assertThat(failed.stderr()).endsWith("\n29999\n30000\n").hasSize(65536);
                    assertThat(failed.stages().get(0).isTruncated()).isTrue();
                })
                .verify(GUARD);
    }

    @EngineTest
    void aSignalThatWeDidNotSendIsAnError(Engine engine) {
        ExecException failed =
                failure(Command.shell("kill -KILL $$").engine(engine).exec());

        assertThat(failed.reason()).isEqualTo(ExecException.Reason.SIGNAL);
        assertThat(failed.status().signal()).contains(Signal.KILL);
    }
}
