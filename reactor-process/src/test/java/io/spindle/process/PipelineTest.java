// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class PipelineTest {

    private static ExecException failure(Publisher<?> run) {
        AtomicReference<ExecException> failure = new AtomicReference<>();
        StepVerifier.create(Flux.from(run).then())
                .consumeErrorWith(error -> failure.set((ExecException) error))
                .verify(GUARD);
        return Objects.requireNonNull(failure.get());
    }

    private static PipelineResult result(Pipeline pipeline) {
        return Objects.requireNonNull(pipeline.exec().block(GUARD));
    }

    @EngineTest
    void eachStageReadsTheOneBeforeIt(Engine engine) {
        Pipeline pipeline = Command.of("cat")
                .stdin(Input.of("b\na\nb\n"))
                .pipe(Command.of("sort"))
                .pipe(Command.of("uniq", "-c"))
                .engine(engine);

        StepVerifier.create(pipeline.lines().map(String::strip))
                .expectNext("1 a", "2 b")
                .expectComplete()
                .verify(GUARD);
        assertThat(result(pipeline).stdout()).hasLineCount(2);
        StepVerifier.create(pipeline.output().map(ChildProcessTest::text).reduce("", String::concat))
                .expectNext(result(pipeline).stdout())
                .expectComplete()
                .verify(GUARD);
        assertThat(pipeline).hasToString("cat | sort | uniq -c");
        assertThat(pipeline.stages()).hasSize(3);
    }

    @EngineTest
    void theResultHasTheStderrAndTheExitOfEachStage(Engine engine) {
        PipelineResult result = result(Command.shell("echo first >&2; echo x; exit 3")
                .exitCodes(3)
                .pipe(Command.shell("cat; echo second >&2"))
                .engine(engine));

        assertThat(result.stages()).hasSize(2);
        assertThat(result.stages().get(0).stdout()).as("went on").isEmpty();
        assertThat(result.stages().get(0).stderr()).isEqualTo("first\n");
        assertThat(result.stages().get(0).status().code()).isEqualTo(3);
        assertThat(result.stages().get(1).stderr()).isEqualTo("second\n");
        assertThat(result.stdout()).isEqualTo("x\n");
        assertThat(result.status().isSuccess()).isTrue();
        assertThat(result.duration())
                .isPositive()
                .isEqualTo(result.stages().stream()
                        .map(ExecResult::duration)
                        .max(Duration::compareTo)
                        .orElseThrow());
    }

    @EngineTest
    void anEarlyStageThatABrokenPipeEndedIsForgiven(Engine engine) {
        Pipeline pipeline =
                Command.of("yes").pipe(Command.of("head", "-n", "2")).engine(engine);

        StepVerifier.create(pipeline.lines())
                .expectNext("y", "y")
                .expectComplete()
                .verify(GUARD);
        assertThat(result(pipeline).stages().get(0).status().signal()).contains(Signal.PIPE);
        assertThat(result(Command.shell("yes; exit $?")
                                .pipe(Command.of("head", "-n", "1"))
                                .engine(engine))
                        .stdout())
                .as("a shell that reports it by its code")
                .isEqualTo("y\n");
        assertThat(failure(Command.of("echo", "x")
                                .pipe(Command.shell("kill -PIPE $$"))
                                .engine(engine)
                                .exec())
                        .reason())
                .as("the last one is not forgiven")
                .isEqualTo(ExecException.Reason.SIGNAL);
    }

    @EngineTest
    void anEarlyStageThatFailsFailsTheRunUnlessPipefailIsOff(Engine engine) {
        Pipeline pipeline = Command.shell("echo sorry >&2; exit 5")
                .pipe(Command.of("cat"))
                .pipe(Command.of("wc", "-c"))
                .engine(engine);

        ExecException failed = failure(pipeline.lines());

        assertThat(failed.status().code()).isEqualTo(5);
        assertThat(failed.command().line()).contains("echo sorry >&2; exit 5");
        assertThat(failed.stages()).hasSize(3);
        assertThat(failed.stages().get(2).status().isSuccess()).isTrue();
        assertThat(failed).hasMessageContaining("stage 1 of 3").hasMessageContaining("sorry");
        assertThat(failure(pipeline.exec()).stderr()).isEqualTo("sorry\n");
        assertThat(result(pipeline.pipefail(false)).stdout().strip()).isEqualTo("0");
    }

    @EngineTest
    void ofSeveralFailuresTheLastIsTold(Engine engine) {
        ExecException failed = failure(Command.shell("exit 1")
                .pipe(Command.shell("cat; exit 2"))
                .pipe(Command.of("cat"))
                .engine(engine)
                .exec());

        assertThat(failed.status().code()).isEqualTo(2);
        assertThat(failed.stages().get(0).status().code()).isEqualTo(1);
    }

    @EngineTest
    void mergedStderrGoesThroughThePipeToo(Engine engine) {
        Pipeline pipeline = Command.shell("echo out; echo err >&2")
                .stderr(Output.merged())
                .pipe(Command.of("cat"))
                .engine(engine);

        StepVerifier.create(pipeline.lines())
                .expectNext("out", "err")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void manyBytesGoThroughAndNoneIsLost(Engine engine) {
        Pipeline pipeline = Command.of("head", "-c", "50000000", "/dev/zero")
                .pipe(Command.of("cat"))
                .pipe(Command.of("cat"))
                .engine(engine);

        StepVerifier.create(pipeline.output().reduce(0L, (sum, chunk) -> {
                    long count = chunk.readableBytes();
                    chunk.release();
                    return sum + count;
                }))
                .expectNext(50_000_000L)
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void unreadStderrOfAnyStageDoesNotStopIt(Engine engine) {
        Command loud = Command.shell("head -c 1000000 /dev/zero >&2; cat");
        ChildPipeline children = Objects.requireNonNull(loud.stdin(Input.of("x"))
                .pipe(loud)
                .pipe(loud)
                .engine(engine)
                .spawn()
                .block(GUARD));

        StepVerifier.create(children.stdout().map(ChildProcessTest::text))
                .expectNext("x")
                .expectComplete()
                .verify(GUARD);
        assertThat(children.close().block(GUARD)).hasSize(3).allMatch(ExitStatus::isSuccess);
    }

    @EngineTest
    void aStageThatCannotBeStartedEndsThoseBeforeItAndLeavesNoDescriptor(Engine engine) {
        Pipeline pipeline = Command.shell("sleep 300 & wait")
                .stdin(Input.of(Flux.never()))
                .pipe(Command.of("cat"))
                .pipe(Command.of("no-such-program-here"))
                .pipe(Command.of("wc"))
                .engine(engine);
        StepVerifier.create(pipeline.exec())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(SpawnException.class);
                    assertThat(((SpawnException) error).reason()).isEqualTo(SpawnException.Reason.PROGRAM_MISSING);
                    assertThat(((SpawnException) error).command().line()).containsExactly("no-such-program-here");
                })
                .verify(GUARD);
        long before = Await.descriptors();

        StepVerifier.create(Flux.range(0, 30).flatMap(i -> pipeline.lines().onErrorComplete(SpawnException.class), 4))
                .expectComplete()
                .verify(GUARD);

        Await.until("no process is left", () -> {
            try (var descendants = ProcessHandle.current().descendants()) {
                return descendants.findAny().isEmpty();
            }
        });
        Await.until("descriptors are closed", () -> Await.descriptors() <= before);
    }

    @EngineTest
    void noStageThatCannotBeStartedLeavesADescriptorWhateverTheReason(Engine engine, @TempDir Path directory) {
        Command cat = Command.of("cat");
        List<Command> impossible = List.of(
                cat.directory(directory.resolve("missing")),
                cat.stderr(Output.file(directory.resolve("missing").resolve("file"))),
                Command.of("cat", "x".repeat(1 << 20)), // the system allows an eighth of it
                Command.of(directory.toString()));
        Flux<String> runs = Flux.fromIterable(impossible)
                .flatMap(
                        each -> cat.stdin(Input.of(Flux.never()))
                                .pipe(cat)
                                .pipe(each)
                                .pipe(cat)
                                .engine(engine)
                                .lines()
                                .then(Mono.just("ran"))
                                .onErrorResume(SpawnException.class, error -> Mono.just("refused")),
                        2);
        runs.blockLast(GUARD);
        long before = Await.descriptors();

        StepVerifier.create(runs.repeat(10).distinct())
                .expectNext("refused")
                .expectComplete()
                .verify(GUARD);

        Await.until("descriptors are closed", () -> Await.descriptors() <= before);
    }

    @EngineTest
    void anAnswerComesBackThroughTheStagesWhileTheyAllRun(Engine engine) {
        Sinks.Many<String> questions = Sinks.many().unicast().onBackpressureBuffer();
        Command echo = Command.shell("while read x; do echo \"$x\"; done");

        StepVerifier.create(echo.stdin(Input.ofStrings(questions.asFlux()))
                        .pipe(echo)
                        .engine(engine)
                        .lines())
                .then(() -> questions.emitNext("a\n", Sinks.EmitFailureHandler.FAIL_FAST))
                .expectNext("a")
                .then(() -> questions.emitNext("b\n", Sinks.EmitFailureHandler.FAIL_FAST))
                .expectNext("b")
                .then(() -> questions.emitComplete(Sinks.EmitFailureHandler.FAIL_FAST))
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void cancelEndsAllStagesAndTheirDescendants(Engine engine) {
        List<String> pids = new ArrayList<>();
        Pipeline pipeline = Command.shell("echo $$; sleep 300 & echo $!; wait")
                .pipe(Command.shell("echo $$; cat"))
                .engine(engine);

        StepVerifier.create(pipeline.lines())
                .recordWith(() -> pids)
                .expectNextCount(3)
                .thenCancel()
                .verify(GUARD);

        pids.forEach(pid -> Await.gone(Long.parseLong(pid)));
    }

    @EngineTest
    void aTimeoutEndsAllStages(Engine engine) {
        ExecException failed = failure(Command.of("sleep", "300")
                .pipe(Command.of("cat"))
                .pipe(Command.of("cat"))
                .timeout(Duration.ofMillis(200))
                .engine(engine)
                .exec());

        assertThat(failed.reason()).isEqualTo(ExecException.Reason.TIMEOUT);
        assertThat(failed.stages()).hasSize(3);
        assertThat(failed.stages().get(0).status().signal()).contains(Signal.TERM);
    }

    @EngineTest
    void aLimitOfOneStageEndsThoseTooThatNeverWriteToIt(Engine engine) {
        ExecException late = failure(Command.of("sleep", "300")
                .pipe(Command.of("cat").timeout(Duration.ofMillis(200)))
                .engine(engine)
                .exec());
        ExecException much = failure(Command.of("sleep", "300")
                .pipe(Command.of("yes").maxBuffer(1000))
                .engine(engine)
                .exec());

        assertThat(late.reason()).isEqualTo(ExecException.Reason.TIMEOUT);
        assertThat(late.command().line()).containsExactly("cat");
        assertThat(late.stages().get(0).status().signal()).contains(Signal.TERM);
        assertThat(much.reason()).isEqualTo(ExecException.Reason.MAX_BUFFER);
        assertThat(much.stages().get(0).status().signal()).contains(Signal.KILL);
    }

    @EngineTest
    void tooMuchOutputOfTheLastStageEndsThoseThatFeedIt(Engine engine) {
        ExecException failed = failure(Command.of("yes")
                .pipe(Command.of("cat").maxBuffer(1000))
                .engine(engine)
                .exec());

        assertThat(failed.reason()).isEqualTo(ExecException.Reason.MAX_BUFFER);
        assertThat(failed.command().line()).containsExactly("cat");
        assertThat(failed.stdout()).hasSize(1000);
    }

    @EngineTest
    void anErrorOfTheFeederEndsAllStagesAndIsTheErrorOfTheRun(Engine engine) {
        Flux<String> input = Flux.just("first\n").concatWith(Flux.error(new IllegalStateException("no more")));

        StepVerifier.create(Command.of("cat")
                        .stdin(Input.ofStrings(input))
                        .pipe(Command.shell("cat > /dev/null; sleep 300"))
                        .engine(engine)
                        .exec())
                .expectErrorMessage("no more")
                .verify(GUARD);
    }

    @EngineTest
    void theSubscribersDemandStopsTheFirstStage(Engine engine) {
        StepVerifier.create(
                        Command.shell("i=0; while :; do i=$((i+1)); echo $i; done")
                                .pipe(Command.of("cat"))
                                .engine(engine)
                                .lines(),
                        0)
                .expectSubscription()
                .thenRequest(2)
                .expectNext("1", "2")
                .expectNoEvent(Duration.ofMillis(300))
                .thenRequest(1)
                .expectNext("3")
                .thenCancel()
                .verify(GUARD);
    }

    @EngineTest
    void aSpawnedPipelineHasItsStagesAndEndsTogether(Engine engine) {
        ChildPipeline children = Objects.requireNonNull(Command.of("cat")
                .stdin(Input.of(Flux.never()))
                .pipe(Command.of("cat"))
                .engine(engine)
                .spawn()
                .block(GUARD));

        assertThat(children.stages()).hasSize(2).allMatch(ChildProcess::isAlive);
        assertThat(children.isDisposed()).isFalse();
        assertThat(children.disposeGracefully().block(GUARD)).hasSize(2);
        assertThat(children.exit().block(GUARD))
                .first()
                .matches(status -> status.signal().orElse(null) == Signal.TERM, "ended by TERM");
        children.dispose();
        assertThat(children.isDisposed()).isTrue();
    }

    @EngineTest
    void resultsComeHomeAndTheLoopWaitsForThem(Engine engine) {
        List<String> events = new ArrayList<>();

        EventLoop.run(loop -> {
            Command.of("echo", "x")
                    .pipe(Command.of("cat"))
                    .engine(engine)
                    .exec()
                    .subscribe(result -> {
                        assertThat(loop.inLoop()).isTrue();
                        events.add("exec " + result.stdout().strip());
                    });
            Command.of("echo", "y")
                    .pipe(Command.of("cat"))
                    .engine(engine)
                    .spawn()
                    .flatMapMany(children -> children.stdout().map(ChildProcessTest::text))
                    .subscribe(text -> {
                        assertThat(loop.inLoop()).isTrue();
                        events.add("spawn " + text.strip());
                    });
        });

        assertThat(events).containsExactlyInAnyOrder("exec x", "spawn y");
    }

    @EngineTest
    void fiveHundredPipelinesLeaveNothing(Engine engine) {
        Pipeline pipeline = Command.of("echo", "x").pipe(Command.of("cat")).engine(engine);
        result(pipeline);
        long before = Await.descriptors();

        StepVerifier.create(Flux.range(0, 500)
                        .flatMap(i -> pipeline.exec(), 8)
                        .filter(result -> result.stdout().equals("x\n"))
                        .count())
                .expectNext(500L)
                .expectComplete()
                .verify(GUARD.multipliedBy(2));

        Await.until("descriptors are closed", () -> Await.descriptors() <= before);
        Await.until("no zombie is left", () -> Await.zombies() == 0);
    }

    @Test
    void stagesThatCannotBeConnectedAreRefusedAtTheCall() {
        Command cat = Command.of("cat");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> cat.pipe(cat.stdin(Input.of("x"))))
                .withMessageContaining("stdin");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cat.stdout(Output.discard()).pipe(cat))
                .withMessageContaining("stdout");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cat.pipe(cat.stdout(Output.discard())).lines());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cat.pipe(cat).timeout(Duration.ofMillis(-1)))
                .withMessageContaining("timeout");
        assertThatIllegalArgumentException().isThrownBy(() -> new PipelineResult(List.of()));
    }
}
