// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.management.ThreadMXBean;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.spindle.loop.DurationHistogram;
import io.spindle.testkit.LeakCheck;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The figures are those of the JVM, so each test begins when the children of others have ended. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ProcessMetersTest {

    private ProcessMetrics before = ProcessMetrics.snapshot();

    @BeforeEach
    void nothingRuns() {
        Await.until("no child is left", () -> ProcessMetrics.snapshot().running() == 0);
        before = ProcessMetrics.snapshot();
    }

    private static ChildProcess spawn(Command command) {
        return Objects.requireNonNull(command.spawn().block(GUARD));
    }

    private void counted(int exited, int failed, int killed) {
        Await.until("all have ended", () -> ProcessMetrics.snapshot().running() == 0);
        ProcessMetrics now = ProcessMetrics.snapshot();
        assertThat(now.exited() - before.exited()).as("exited").isEqualTo(exited);
        assertThat(now.failed() - before.failed()).as("failed").isEqualTo(failed);
        assertThat(now.killed() - before.killed()).as("killed").isEqualTo(killed);
        assertThat(now.spawned() - before.spawned()).as("spawned").isEqualTo(exited + failed + killed);
        assertThat(now.runTimes().count() - before.runTimes().count())
                .as("run times")
                .isEqualTo(exited + failed + killed);
        before = now;
    }

    @EngineTest
    void whatEndsByItselfHasExitedOrFailed(Engine engine) {
        Command three = Command.shell("exit 3").engine(engine);

        assertThat(Command.of("true").engine(engine).exec().block(GUARD)).isNotNull();
        assertThat(spawn(three.exitCodes(0, 3)).close().block(GUARD)).isNotNull();
        counted(2, 0, 0);
        assertThat(spawn(three).close().block(GUARD)).isNotNull();
        StepVerifier.create(Command.shell("kill -KILL $$").engine(engine).exec())
                .expectError(ExecException.class)
                .verify(GUARD);
        counted(0, 2, 0);
    }

    @EngineTest
    void aStageThatIsToldThatNobodyReadsItHasNotFailed(Engine engine) {
        Pipeline pipeline = Command.of("yes")
                .engine(engine)
                .pipe(Command.of("head", "-n", "1").engine(engine));

        StepVerifier.create(pipeline.lines()).expectNext("y").expectComplete().verify(GUARD);

        counted(2, 0, 0);
    }

    @EngineTest
    void whatIsEndedByUsWasKilledHoweverItEnds(Engine engine) {
        Command sleep = Command.of("sleep", "300").engine(engine);
        Command polite = Command.shell("trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done")
                .engine(engine);

        spawn(sleep).dispose();
        StepVerifier.create(sleep.exec())
                .expectSubscription()
                .then(() ->
                        Await.until("it runs", () -> ProcessMetrics.snapshot().spawned() == before.spawned() + 2))
                .thenCancel()
                .verify(GUARD);
        StepVerifier.create(sleep.timeout(Duration.ofMillis(20)).exec())
                .expectError(ExecException.class)
                .verify(GUARD);
        ChildProcess signalled = spawn(sleep);
        assertThat(signalled.kill(Signal.USR1)).isTrue(); // INT may be ignored, as by a JVM in the background
        assertThat(signalled.exit().block(GUARD)).isNotNull();
        ChildProcess asked = spawn(polite);
        assertThat(asked.stdout().map(ChildProcessTest::text).next().block(GUARD))
                .isEqualTo("ready\n");
        assertThat(asked.disposeGracefully().map(ExitStatus::isSuccess).block(GUARD))
                .isTrue();

        counted(0, 0, 5);
    }

    @EngineTest
    void whatRunsAndWhatCannotBeStartedIsCounted(Engine engine) {
        ChildProcess first = spawn(Command.of("sleep", "300").engine(engine));
        ChildProcess second = spawn(Command.of("sleep", "300").engine(engine));
        assertThat(ProcessMetrics.snapshot().running()).isEqualTo(2);

        StepVerifier.create(
                        Command.of("no-such-program-anywhere").engine(engine).exec())
                .expectError(SpawnException.class)
                .verify(GUARD);
        StepVerifier.create(Command.of("cat")
                        .engine(engine)
                        .pipe(Command.of("no-such-program-anywhere").engine(engine))
                        .exec())
                .expectError(SpawnException.class)
                .verify(GUARD);
        assertThat(ProcessMetrics.snapshot().failedSpawns() - before.failedSpawns())
                .isEqualTo(2);

        first.dispose();
        second.dispose();
        counted(0, 0, 2);
    }

    @EngineTest
    void bytesAreCountedBothWays(Engine engine) {
        String text = "0123456789".repeat(30_000);

        ExecResult result = Objects.requireNonNull(Command.shell("cat; echo done >&2")
                .stdin(Input.of(text))
                .engine(engine)
                .exec()
                .block(GUARD));

        assertThat(result.stdout()).hasSameSizeAs(text);
        ProcessMetrics now = ProcessMetrics.snapshot();
        assertThat(now.writtenBytes() - before.writtenBytes()).isEqualTo(text.length());
        assertThat(now.readBytes() - before.readBytes()).isEqualTo(text.length() + "done\n".length());
    }

    @EngineTest
    void aSubscriberThatKeepsOutputWaitingIsCountedOnceUntilItAsksAgain(Engine engine) {
        assumeFalse(engine.equals(Engines.THREADS), "its threads look for nothing that was not asked for");
        ChildProcess yes = spawn(Command.of("yes").engine(engine));
        BaseSubscriber<ByteBuf> slow = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                // asks later
            }

            @Override
            protected void hookOnNext(ByteBuf chunk) {
                chunk.release();
            }

            @Override
            protected void hookOnError(Throwable error) {
                // it is disposed at the end
            }
        };
        OutputPipe stdout = Objects.requireNonNull(((DefaultChildProcess) yes).stdoutPipe());
        stdout.subscribe(slow);

        Await.until("it waits", () -> pauses() == 1);
        slow.request(1);
        Await.until("it waits again", () -> pauses() == 2);
        slow.request(5);
        Await.until("it waits once more", () -> pauses() == 3);

        yes.dispose();
        assertThat(yes.close().block(GUARD)).isNotNull();
    }

    private long pauses() {
        return ProcessMetrics.snapshot().pauses() - before.pauses();
    }

    @Test
    void theRunTimeIsThatOfTheProcess() {
        StepVerifier.withVirtualTime(() -> FakePrograms.create()
                        .on(
                                "slow",
                                FakeProgram.create().delay(Duration.ofHours(3)).exit(0))
                        .command("slow")
                        .exec())
                .expectSubscription()
                .thenAwait(Duration.ofHours(4))
                .expectNextCount(1)
                .expectComplete()
                .verify(GUARD);

        counted(1, 0, 0);
        assertThat(ProcessMetrics.snapshot().runTimes().max()).isGreaterThanOrEqualTo(Duration.ofHours(3));
    }

    @Test
    void aRuleForExitCodesThatThrowsIsTheErrorOfTheRunAndHidesNoExit() {
        Command command = FakePrograms.create()
                .on("any", FakeProgram.create().exit(4))
                .command("any")
                .exitCodes(code -> {
                    throw new IllegalStateException("rule for " + code);
                });

        StepVerifier.create(command.exec()).expectErrorMessage("rule for 4").verify(GUARD);
        StepVerifier.create(command.spawn().flatMap(ChildProcess::close).map(ExitStatus::code))
                .expectNext(4)
                .expectComplete()
                .verify(GUARD);

        counted(0, 2, 0);
    }

    @Test
    void aRegistryReadsTheSameFigures() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        ProcessMeters.create().bindTo(registry);
        ChildProcess running = spawn(Command.of("cat").stdin(Input.of(Flux.never())));
        StepVerifier.create(Mono.when(
                        Command.of("echo", "12345").exec(),
                        Command.of("cat").stdin(Input.of("123")).exec(),
                        Command.of("false").exec().onErrorComplete(),
                        Command.of("no-such-program-anywhere").exec().onErrorComplete()))
                .expectComplete()
                .verify(GUARD);
        Await.until("the others have ended", () -> ProcessMetrics.snapshot().running() == 1);

        ProcessMetrics now = ProcessMetrics.snapshot();
        assertThat(registry.get("spindle.process.running").gauge().value()).isEqualTo(1);
        assertThat(count(registry, "spawned")).isEqualTo(now.spawned()).isEqualTo(before.spawned() + 4);
        assertThat(count(registry, "exited")).isEqualTo(now.exited()).isEqualTo(before.exited() + 2);
        assertThat(count(registry, "failed")).isEqualTo(now.failed()).isEqualTo(before.failed() + 1);
        assertThat(count(registry, "killed")).isEqualTo(now.killed()).isEqualTo(before.killed());
        assertThat(count(registry, "spawn.failed")).isEqualTo(before.failedSpawns() + 1);
        assertThat(count(registry, "read")).isEqualTo(before.readBytes() + 9);
        assertThat(count(registry, "written")).isEqualTo(before.writtenBytes() + 3);
        assertThat(count(registry, "paused")).isEqualTo(now.pauses());
        assertThat(Math.round(registry.get("spindle.process.run")
                        .tag("quantile", "1")
                        .timeGauge()
                        .value(TimeUnit.NANOSECONDS)))
                .isEqualTo(now.runTimes().max().toNanos());
        assertThat(registry.get("spindle.process.run").timeGauges())
                .extracting(each -> each.getId().getTag("quantile"))
                .containsExactlyInAnyOrder("0.5", "0.99", "0.999", "1");

        running.dispose();
        assertThat(running.close().block(GUARD)).isNotNull();
        assertThat(count(registry, "killed")).isEqualTo(before.killed() + 1);
        registry.close();
    }

    @Test
    void aScrapeCopiesTheRunTimesOnce() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        ProcessMeters.create().bindTo(registry);
        scrape(registry); // loads what it needs
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        long before = threads.getCurrentThreadAllocatedBytes();
        scrape(registry);
        long scraped = threads.getCurrentThreadAllocatedBytes() - before;
        DurationHistogram copy = ProcessMetrics.snapshot().runTimes();
        long copied = threads.getCurrentThreadAllocatedBytes() - before - scraped;

        assertThat(copy).isNotNull();
        assertThat(scraped).as("bytes, of which a copy takes " + copied).isLessThan(4 * copied);
        registry.close();
    }

    private static void scrape(SimpleMeterRegistry registry) {
        registry.getMeters()
                .forEach(meter -> meter.measure()
                        .forEach(each -> assertThat(each.getValue()).isNotNegative()));
    }

    private static long count(SimpleMeterRegistry registry, String figure) {
        return Math.round(
                registry.get("spindle.process." + figure).functionCounter().count());
    }
}
