// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
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
        AtomicInteger most = new AtomicInteger();

        StepVerifier.create(Flux.range(0, 60)
                        .flatMap(
                                i -> Command.of("echo", Integer.toString(i))
                                        .limit(limit)
                                        .engine(engine)
                                        .events()
                                        .doOnNext(event -> most.accumulateAndGet(limit.running(), Math::max))
                                        .then(),
                                60)
                        .then())
                .expectComplete()
                .verify(GUARD);

        assertThat(most.get()).isBetween(1, 3);
    }

    @EngineTest
    void theNextOneStartsWhenOneAndItsOutputHaveEnded(Engine engine) {
        Command cat = Command.of("cat").stdin(Input.pipe()).engine(engine);
        List<ChildProcess> cats = List.of(spawn(cat), spawn(cat), spawn(cat));
        List<String> done = new ArrayList<>();
        Mono<ExecResult> echo =
                Command.of("echo", "x").limit(limit).engine(engine).exec();
        StepVerifier waiting = StepVerifier.create(echo.doOnNext(result -> done.add("done")))
                .expectNextCount(1)
                .expectComplete()
                .verifyLater();
        Await.until("it waits", () -> limit.waiting() == 1);
        assertThat(done).isEmpty();

        cats.get(1).stdin().end().block(GUARD);
        cats.get(1).close().block(GUARD);

        waiting.verify(GUARD);
        cats.forEach(ChildProcess::dispose);
        Flux.fromIterable(cats).flatMap(ChildProcess::close).blockLast(GUARD);
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
