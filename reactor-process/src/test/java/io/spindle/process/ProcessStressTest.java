// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
@Timeout(120)
class ProcessStressTest {

    private static final Duration LONG_GUARD = Duration.ofSeconds(100);

    private static final int AT_A_TIME = 32;

    /** Two KiB for each of a thousand. */
    private static final long HEAP_SLACK_BYTES = 2L << 20;

    @EngineTest
    void everyByteArrivesHoweverFastTheProgramEnds(Engine engine) {
        String expected =
                IntStream.rangeClosed(1, 5000).mapToObj(Integer::toString).collect(Collectors.joining("\n", "", "\n"));
        Command seq = Command.of("seq", "1", "5000").engine(engine);

        StepVerifier.create(Flux.range(0, 500)
                        .flatMap(i -> seq.exec(), 8)
                        .filter(result -> !result.stdout().equals(expected)))
                .expectComplete()
                .verify(LONG_GUARD);
        StepVerifier.create(Command.of("head", "-c", "10000000", "/dev/zero")
                        .engine(engine)
                        .output()
                        .reduce(0L, (sum, chunk) -> {
                            long count = chunk.readableBytes();
                            chunk.release();
                            return sum + count;
                        }))
                .expectNext(10_000_000L)
                .expectComplete()
                .verify(GUARD);
    }

    /** The short form of the benchmarks' {@code ProcessSoak}. */
    @EngineTest
    void aThousandProgramsHaveOneExitEachAndLeaveNothing(Engine engine) {
        Command program = Command.of("true").engine(engine);
        Flux.range(0, 100).flatMap(i -> program.exec(), AT_A_TIME).blockLast(LONG_GUARD);
        long before = Await.descriptors();
        long heapBefore = Await.heapBytes();

        StepVerifier.create(Flux.range(0, 500)
                        .flatMap(
                                i -> program.spawn()
                                        .flatMap(child -> child.exit().flatMap(status -> child.close())),
                                AT_A_TIME)
                        .filter(ExitStatus::isSuccess)
                        .count())
                .expectNext(500L)
                .expectComplete()
                .verify(LONG_GUARD);
        StepVerifier.create(Flux.range(0, 500)
                        .flatMap(
                                i -> program.events()
                                        .map(event -> event.getClass().getSimpleName())
                                        .collect(Collectors.joining(", ")),
                                AT_A_TIME)
                        .filter("Started, Exited"::equals)
                        .count())
                .expectNext(500L)
                .expectComplete()
                .verify(LONG_GUARD);

        Await.until("descriptors are closed", () -> Await.descriptors() <= before);
        Await.until("no zombie is left", () -> Await.zombies() == 0);
        Await.until("no thread of a pipe is left", () -> Await.pipeThreads() == 0);
        Await.until("the heap is as before", () -> Await.heapBytes() <= heapBefore + HEAP_SLACK_BYTES);
    }

    @EngineTest
    void aStormOfCancelsBeforeDuringAndAfterTheStartLeavesNothing(Engine engine) {
        Random random = new Random(42);
        Command program = Command.shell("sleep 300 & wait").engine(engine);
        StepVerifier.create(Command.of("true").engine(engine).exec())
                .expectNextCount(1)
                .expectComplete()
                .verify(GUARD);
        long before = Await.descriptors();

        StepVerifier.create(Flux.range(0, 200)
                        .flatMap(
                                i -> {
                                    Mono<?> run = i % 2 == 0
                                            ? program.exec()
                                            : program.spawn()
                                                    .doOnNext(ChildProcess::dispose)
                                                    .then(Mono.never());
                                    return run.then().timeout(Duration.ofMillis(random.nextInt(40)), Mono.empty());
                                },
                                8))
                .expectComplete()
                .verify(LONG_GUARD);

        Await.until("all descendants are gone", () -> {
            try (var descendants = ProcessHandle.current().descendants()) {
                return descendants.findAny().isEmpty();
            }
        });
        Await.until("descriptors are closed", () -> Await.descriptors() <= before);
    }

    @EngineTest
    void mergedOutputKeepsTheOrderOfWriting(Engine engine) {
        Command command = Command.shell("for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done")
                .stderr(Output.merged())
                .engine(engine);

        StepVerifier.create(Flux.range(0, 1000)
                        .flatMap(i -> command.exec(), 4)
                        .map(ExecResult::stdout)
                        .distinct())
                .expectNext("o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n")
                .expectComplete()
                .verify(LONG_GUARD);
    }

    @EngineTest
    void shortProgramsEndAlthoughALongOneWasStartedBetweenTheirPipes(Engine engine) {
        Flux<String> longOne = Command.of("sleep", "300").engine(engine).lines();
        Flux<String> shortOne = Command.of("echo", "x")
                .drain(Duration.ofHours(1)) // a pipe that another one holds would keep it so long
                .engine(engine)
                .lines()
                .ignoreElements()
                .thenReturn("ended")
                .flux();

        StepVerifier.create(Flux.range(0, 100)
                        .flatMap(i -> Flux.merge(longOne, shortOne, shortOne), 100)
                        .take(200)
                        .count())
                .expectNext(200L)
                .expectComplete()
                .verify(LONG_GUARD);
    }

    @EngineTest
    void theChildGetsDescriptorsThatBlockAndOnlyItsOwn(Engine engine) {
        Command command = Command.shell(
                        "grep flags /proc/self/fdinfo/0 /proc/self/fdinfo/1; ls /proc/self/fd | tr '\\n' ' '")
                .stdin(Input.of(Flux.never()))
                .engine(engine);

        ExecResult result = Objects.requireNonNull(command.exec().block(GUARD));

        assertThat(result.stdout().lines().limit(2))
                .hasSize(2)
                .allMatch(line -> (Long.parseLong(line.replaceAll(".*\\s", ""), 8) & 04000) == 0, "blocks");
        assertThat(result.stdout().lines().skip(2).findFirst())
                .as("3 is ls's own")
                .contains("0 1 2 3 ");
    }

    @EngineTest
    void aPausedStreamOfAProgramThatEndedCostsNothing(Engine engine) {
        ChildProcess child = Objects.requireNonNull(Command.of("head", "-c", "1000", "/dev/zero")
                .engine(engine)
                .spawn()
                .block(GUARD));

        StepVerifier.create(child.stdout().map(ChildProcessTest::text), 0)
                .expectSubscription()
                .then(() -> child.exit().block(GUARD))
                .then(() -> assertThat(loopMillis(Duration.ofMillis(500))).isLessThan(100))
                .thenRequest(1)
                .expectNextCount(1)
                .thenRequest(1)
                .expectComplete()
                .verify(GUARD);
    }

    /** The processor time that the pipes' loop takes while nothing happens. */
    private static long loopMillis(Duration window) {
        long id = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("spindle-default-process-io"))
                .mapToLong(Thread::getId)
                .findFirst()
                .orElseThrow();
        long before = ManagementFactory.getThreadMXBean().getThreadCpuTime(id);
        Mono.delay(window).block(GUARD);
        return Duration.ofNanos(ManagementFactory.getThreadMXBean().getThreadCpuTime(id) - before)
                .toMillis();
    }
}
