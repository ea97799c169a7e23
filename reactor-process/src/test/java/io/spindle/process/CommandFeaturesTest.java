// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/** Events, transforming, escalation, delimiters and the rest of what a command can be told. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class CommandFeaturesTest {

    @EngineTest
    void eventsTellTheStartTheLinesOfBothOutputsAndTheEndWhateverTheCode(Engine engine) {
        List<ProcessEvent> events = new ArrayList<>();

        StepVerifier.create(Command.shell("echo a; echo b >&2; echo c; exit 3")
                        .engine(engine)
                        .events())
                .recordWith(() -> events)
                .thenConsumeWhile(event -> true)
                .expectComplete()
                .verify(GUARD);

        assertThat(events).hasSize(5);
        assertThat(events.get(0))
                .isInstanceOfSatisfying(
                        ProcessEvent.Started.class,
                        started -> assertThat(started.process().pid()).isPositive());
        assertThat(events.subList(1, 4))
                .contains(new ProcessEvent.Out("a"), new ProcessEvent.Out("c"), new ProcessEvent.Err("b"));
        assertThat(events.get(4))
                .isInstanceOfSatisfying(
                        ProcessEvent.Exited.class,
                        exited -> assertThat(exited.status().code()).isEqualTo(3));
    }

    @EngineTest
    void eventsFollowTheDemandAndFailByALimitOnly(Engine engine) {
        StepVerifier.create(Command.of("yes").engine(engine).events(), 0)
                .thenRequest(3)
                .expectNextCount(3)
                .thenCancel()
                .verify(GUARD);
        StepVerifier.create(Command.of("sleep", "300")
                        .timeout(Duration.ofMillis(50))
                        .engine(engine)
                        .events()
                        .filter(event -> !(event instanceof ProcessEvent.Started)))
                .expectErrorSatisfies(
                        error -> assertThat(((ExecException) error).reason()).isEqualTo(ExecException.Reason.TIMEOUT))
                .verify(GUARD);
        StepVerifier.create(
                        Command.of("no-such-program-anywhere").engine(engine).events())
                .expectError(SpawnException.class)
                .verify(GUARD);
    }

    @EngineTest
    void aProgramTransformsAStream(Engine engine) {
        Flux<String> words = Flux.just("c\n", "a\n", "b\n");

        StepVerifier.create(words.map(word -> Unpooled.copiedBuffer(word, StandardCharsets.UTF_8))
                        .transform(Command.of("sort").engine(engine)::through)
                        .map(ChildProcessTest::text)
                        .reduce("", String::concat))
                .expectNext("a\nb\nc\n")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aGracefulEndEscalatesStepByStep(Engine engine) {
        Command stubborn = Command.shell(
                        "trap '' INT; trap 'echo asked; exit 9' TERM; echo ready; while :; do sleep 0.01; done")
                .killSignal(Signal.INT)
                .grace(Duration.ofMillis(50))
                .escalate(Signal.TERM, Duration.ofSeconds(20))
                .engine(engine);
        ChildProcess child = Objects.requireNonNull(stubborn.spawn().block(GUARD));

        StepVerifier.create(child.stdout().map(ChildProcessTest::text))
                .expectNext("ready\n")
                .then(() -> child.disposeGracefully().subscribe())
                .expectNext("asked\n")
                .expectComplete()
                .verify(GUARD);

        assertThat(Objects.requireNonNull(child.close().block(GUARD)).code()).isEqualTo(9);
    }

    @EngineTest
    void afterTheLastStepItIsKilled(Engine engine) {
        Command deaf = Command.shell("trap '' INT TERM; echo ready; while :; do sleep 0.01; done")
                .killSignal(Signal.INT)
                .grace(Duration.ofMillis(20))
                .escalate(Signal.TERM, Duration.ofMillis(20))
                .engine(engine);
        ChildProcess child = Objects.requireNonNull(deaf.spawn().block(GUARD));

        StepVerifier.create(child.stdout().map(ChildProcessTest::text))
                .expectNext("ready\n")
                .then(() -> child.disposeGracefully().subscribe())
                .expectComplete()
                .verify(GUARD);

        assertThat(Objects.requireNonNull(child.close().block(GUARD)).signal()).contains(Signal.KILL);
    }

    @EngineTest
    void whatIsStartedBetweenTwoStepsIsKilledToo(Engine engine) {
        Command spawning = Command.shell("trap '(trap \"\" USR1; exec sleep 300) & echo $!' TERM; trap 'exit 9' USR1;"
                        + " echo ready; while :; do sleep 0.01; done") // INT may be ignored by whoever runs the tests
                .killSignal(Signal.TERM)
                .grace(Duration.ofSeconds(1))
                .escalate(Signal.USR1, Duration.ofSeconds(5))
                .engine(engine);
        ChildProcess child = Objects.requireNonNull(spawning.spawn().block(GUARD));
        List<String> lines = new ArrayList<>();

        StepVerifier.create(child.stdout().map(ChildProcessTest::text).doOnNext(lines::add))
                .expectNext("ready\n")
                .then(() -> child.disposeGracefully().subscribe())
                .expectNextCount(1)
                .expectComplete()
                .verify(GUARD);

        assertThat(Objects.requireNonNull(child.close().block(GUARD)).code()).isEqualTo(9);
        Await.gone(Long.parseLong(lines.get(1).strip()));
    }

    @EngineTest
    void aCancelAsksFirstIfItIsToldTo(Engine engine, @TempDir Path directory) {
        Path file = directory.resolve("asked");
        Command polite = Command.shell("trap 'echo yes > \"$1\"; exit' TERM; echo ready; while :; do sleep 0.01; done")
                .args(file.toString())
                .cancelGracefully(true)
                .engine(engine);

        StepVerifier.create(polite.lines()).expectNext("ready").thenCancel().verify(GUARD);

        Await.until("it was asked", () -> Files.exists(file) && file.toFile().length() == 4);
    }

    @EngineTest
    void aProgramThatWritesWhileItEndsAfterACancelIsNotKilledByItsPipe(Engine engine, @TempDir Path directory) {
        Path file = directory.resolve("end");
        Command polite = Command.shell(
                        "trap 'echo bye; echo yes > \"$1\"; exit' TERM; echo ready; while :; do sleep 0.01; done")
                .args(file.toString())
                .cancelGracefully(true)
                .engine(engine);

        StepVerifier.create(polite.lines()).expectNext("ready").thenCancel().verify(GUARD);

        Await.until("it has ended in its own way", () -> file.toFile().length() == 4);
    }

    @EngineTest
    void longOutputIsCutAndTheProgramRunsToItsEnd(Engine engine, @TempDir Path directory) {
        Path file = directory.resolve("end");

        StepVerifier.create(Command.shell("head -c 1000000 /dev/zero | tr '\\0' x; echo done > \"$1\"")
                        .args(file.toString())
                        .maxBuffer(5, LongOutput.CUT)
                        .engine(engine)
                        .exec())
                .expectNextMatches(result -> result.stdout().equals("xxxxx") && result.isTruncated())
                .expectComplete()
                .verify(GUARD);

        assertThat(file).exists();
    }

    @EngineTest
    void anyCharacterEndsALine(Engine engine) {
        Command print = Command.of("printf", "a\\r\\nb\\0c\\rd\\0\\0e").engine(engine);

        StepVerifier.create(print.delimiter('\0').lines())
                .expectNext("a\r\nb", "c\rd", "", "e")
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(
                        print.delimiter('\r').charset(StandardCharsets.UTF_16BE).lines())
                .expectNextCount(1)
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(Command.of("printf", "25%%\\r50%%\\rdone")
                        .engine(engine)
                        .delimiter('\r')
                        .lines())
                .expectNext("25%", "50%", "done")
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(Command.of("printf", "xäy")
                        .engine(engine)
                        .delimiter('ä')
                        .lines())
                .expectNext("x", "y")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void twoConsumersShareAStreamAtThePaceOfTheSlower(Engine engine) {
        Flux<String> shared =
                Command.of("seq", "100000").engine(engine).lines().publish(16).autoConnect(2);
        AtomicInteger fast = new AtomicInteger();
        shared.subscribe(line -> fast.incrementAndGet());

        StepVerifier.create(shared, 0)
                .thenRequest(1)
                .expectNext("1")
                .then(() -> assertThat(fast.get()).isLessThan(100))
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(99_999)
                .expectComplete()
                .verify(GUARD);
        Await.until("the other has all", () -> fast.get() == 100_000);
    }

    @EngineTest
    void twoConsumersOfBytesShareEachChunkByADuplicateOfOnes(Engine engine) {
        Flux<ByteBuf> bytes = Command.of("seq", "100000").engine(engine).output();

        Flux<Integer> lengths = bytes.publish(shared -> Flux.merge(
                shared.map(ByteBuf::retainedDuplicate)
                        .publishOn(Schedulers.parallel())
                        .map(CommandFeaturesTest::read),
                shared.map(CommandFeaturesTest::read)));

        StepVerifier.create(lengths.reduce(0, Integer::sum))
                .expectNext(2 * 588_895)
                .expectComplete()
                .verify(GUARD);
    }

    private static int read(ByteBuf chunk) {
        int length = chunk.readableBytes();
        chunk.skipBytes(length).release();
        return length;
    }

    @Test
    void aTextIsPartedAsAShellDoes() {
        assertThat(Command.parse("git log --format='%H %s'\t-n 1 ").line())
                .containsExactly("git", "log", "--format=%H %s", "-n", "1");
        assertThat(Command.parse("echo \"a \\\" \\\\ \\n $HOME\" 'b\\'c\\ d '' \"\"")
                        .line())
                .containsExactly("echo", "a \" \\ \\n $HOME", "b\\c d", "", "");
        assertThatThrownBy(() -> Command.parse("echo 'a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("text must close its quote ', was echo 'a");
        assertThatThrownBy(() -> Command.parse("echo \\")).hasMessageContaining("must not end with a backslash");
        assertThatThrownBy(() -> Command.parse("  ")).hasMessageContaining("program must not be empty");
        Command any = Command.of("x", "it's", "a b", "", "\"", "$x\\");
        assertThat(Command.parse(any.toString()).line()).isEqualTo(any.line());
    }

    @Test
    void aProgramIsFoundWhereItWouldBeRun(@TempDir Path directory) throws IOException {
        Path tool = Files.writeString(directory.resolve("tool"), "#!/bin/sh\n");

        StepVerifier.create(Command.of("sh").find().map(Path::getFileName))
                .expectNext(Path.of("sh"))
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(Command.of("no-such-program-anywhere").find())
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(Command.of("./tool").directory(directory).find())
                .as("not executable")
                .expectComplete()
                .verify(GUARD);
        assertThat(tool.toFile().setExecutable(true)).isTrue();
        StepVerifier.create(Command.of("./tool").directory(directory).find().map(Path::normalize))
                .expectNext(tool)
                .expectComplete()
                .verify(GUARD);
    }

    @Test
    void argumentsThatAShellOfWindowsWouldReadAreRefused() {
        assertThatThrownBy(() -> Checks.batchFileOnWindows(List.of("C:\\x\\Run.BAT", "ok", "a&calc")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("argument 2 has one at index 1");
        Checks.batchFileOnWindows(List.of("run.cmd", "plain text", "-x=1"));
        Checks.batchFileOnWindows(List.of("run.exe", "a&b"));
    }

    @Test
    void aStartThatTheSystemRefusedForNowCanBeTriedAgain() {
        AtomicInteger attempts = new AtomicInteger();
        Command command = Command.of("true");
        SpawnException refused = SpawnFailures.explain(command, new IOException("error=11, Resource unavailable"));

        StepVerifier.create(Mono.defer(() -> attempts.incrementAndGet() < 3 ? Mono.error(refused) : command.exec())
                        .retryWhen(Retry.backoff(5, Duration.ofMillis(1))
                                .filter(error -> error instanceof SpawnException spawn
                                        && spawn.reason() == SpawnException.Reason.LIMIT_REACHED)))
                .expectNextCount(1)
                .expectComplete()
                .verify(GUARD);
    }
}
