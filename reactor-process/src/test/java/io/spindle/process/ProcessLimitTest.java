// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.spindle.testkit.LeakCheck;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ProcessLimitTest {

    private final ProcessLimit limit = ProcessLimit.of(3);

    private ChildProcess spawn(Command command) {
        return Objects.requireNonNull(command.limit(limit).spawn().block(GUARD));
    }

    @AfterEach
    void itIsFreeAgain() {
        Await.until("all have left", () -> limit.running() == 0 && limit.waiting() == 0);
    }

    @EngineTest
    void neverMoreThanSoManyRunAtATime(Engine engine) {
        long others = Await.runningChildren();
        Command nap = Command.of("sleep", "0.05").limit(limit).engine(engine);

        StepVerifier.create(Flux.range(0, 30)
                        .flatMap(i -> nap.events().concatMap(event -> counted()), 30)
                        .reduce(0L, Math::max))
                .assertNext(most -> assertThat(most - others).isBetween(1L, 3L))
                .expectComplete()
                .verify(GUARD);
    }

    /** How many there are for the system, at the start of one and at its end. */
    private static Mono<Long> counted() {
        return Mono.fromCallable(Await::runningChildren).subscribeOn(Schedulers.boundedElastic());
    }

    @EngineTest
    void theNextOneStartsWhenOneAndItsOutputHaveEnded(Engine engine) {
        assumeFalse(engine.equals(Engines.THREADS), "the JDK ends its outputs with the process");
        ProcessLimit one = ProcessLimit.of(1);
        AtomicLong grandchild = new AtomicLong();
        ChildProcess leaving = Objects.requireNonNull(Command.shell("sleep 300 & echo $!")
                .limit(one)
                .engine(engine)
                .spawn()
                .block(GUARD));
        leaving.stdout().map(ChildProcessTest::text).subscribe(line -> grandchild.set(Long.parseLong(line.strip())));
        StepVerifier waiting = StepVerifier.create(
                        Command.of("echo", "x").limit(one).engine(engine).exec())
                .expectNextCount(1)
                .expectComplete()
                .verifyLater();
        Await.until("it waits", () -> one.waiting() == 1 && grandchild.get() > 0);

        leaving.exit().block(GUARD);

        assertThat(one.waiting()).isOne();
        ProcessHandle.of(grandchild.get()).ifPresent(ProcessHandle::destroyForcibly);
        leaving.close().block(GUARD);
        waiting.verify(GUARD);
        Await.until("it has left", () -> one.running() == 0);
    }

    @Test
    void whoGivesUpIsPassedOverAndAFailedStartMakesRoom() {
        Command cat = Command.of("cat").stdin(Input.pipe());
        List<ChildProcess> cats = List.of(spawn(cat), spawn(cat), spawn(cat));
        Command missing = Command.of("no-such-program-anywhere").limit(limit);

        StepVerifier.create(Command.of("echo").limit(limit).exec())
                .then(() -> Await.until("it waits", () -> limit.waiting() == 1))
                .thenCancel()
                .verify(GUARD);
        assertThat(limit.waiting()).isZero();
        StepVerifier failing = StepVerifier.create(Flux.range(0, 10).concatMapDelayError(i -> missing.exec()))
                .expectError()
                .verifyLater();
        cats.forEach(ChildProcess::dispose);
        failing.verify(GUARD);

        Flux.fromIterable(cats).flatMap(ChildProcess::close).blockLast(GUARD);
        Await.until("all have left", () -> limit.running() == 0);
        StepVerifier.create(Command.of("true").limit(limit).exec())
                .expectNextCount(1)
                .expectComplete()
                .verify(GUARD);
    }

    @Test
    void aStormOfCancelsLeavesItFree() {
        StepVerifier.create(Flux.range(0, 300)
                        .flatMap(
                                i -> Command.of("true")
                                        .limit(limit)
                                        .exec()
                                        .then()
                                        .takeUntilOther(
                                                i % 3 == 0
                                                        ? Mono.never()
                                                        : Mono.delay(java.time.Duration.ofMillis(i % 7))),
                                50))
                .expectComplete()
                .verify(GUARD);
    }

    @Test
    void aPipelineCountsOnce() {
        ProcessLimit one = ProcessLimit.of(1);

        StepVerifier.create(Command.of("echo", "x")
                        .limit(one)
                        .pipe(Command.of("cat").limit(one))
                        .lines())
                .expectNext("x")
                .expectComplete()
                .verify(GUARD);

        Await.until("it has left", () -> one.running() == 0);
    }

    @Test
    void aLimitIsPositive() {
        assertThatThrownBy(() -> ProcessLimit.of(0)).hasMessage("atMost must be positive, was 0");
        assertThat(limit.atMost()).isEqualTo(3);
    }
}
