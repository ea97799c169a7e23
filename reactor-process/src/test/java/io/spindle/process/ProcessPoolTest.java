// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.offload.Distance;
import io.spindle.offload.TaskFailedException;
import io.spindle.offload.TaskOptions;
import io.spindle.offload.WorkerLostException;
import io.spindle.offload.WorkerLostException.Reason;
import io.spindle.offload.WorkerPool;
import io.spindle.offload.WorkerPoolSpec;
import io.spindle.process.Tasks.Point;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Tasks in real JVMs, through the service loader as a user's. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ProcessPoolTest {

    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration DAY = Duration.ofDays(1);

    private final List<WorkerPool> pools = new ArrayList<>();

    @TempDir
    Path directory;

    private WorkerPoolSpec spec() {
        return WorkerPoolSpec.of("far")
                .threads(0, 1)
                .distance(Distance.PROCESS)
                .jvmArgs(
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx64m",
                        "-XX:+DisplayVMOutputToStderr", // stdout is the build's
                        "-XX:-CreateCoredumpOnCrash", // so that it exits with 1
                        "-XX:ErrorFile=" + directory.resolve("crash"));
    }

    private WorkerPool start(WorkerPoolSpec spec) {
        WorkerPool pool = spec.start();
        pools.add(pool);
        return pool;
    }

    @AfterEach
    void end() {
        for (WorkerPool pool : pools) {
            pool.dispose();
            StepVerifier.create(pool.onDispose()).expectComplete().verify(GUARD);
            assertThat(pool.metrics().threads()).isZero();
        }
        Await.until("those too that were still starting have ended", () -> Await.runningChildren() == 0);
    }

    private static <T> T get(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(GUARD));
    }

    private static Set<Long> pids() {
        try (Stream<ProcessHandle> children = ProcessHandle.current().children()) {
            return children.map(ProcessHandle::pid).filter(Await::isRunning).collect(Collectors.toSet());
        }
    }

    private static long pidIn(Path mark) {
        Await.until("the task has begun", () -> Files.exists(mark));
        try {
            return Long.parseLong(Files.readString(mark));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void losesItsWorker(WorkerPool pool, Mono<?> task, Reason reason, int code, String message) {
        StepVerifier.create(task)
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(WorkerLostException.class).hasMessageContaining(message);
                    assertThat(((WorkerLostException) error).reason()).isEqualTo(reason);
                    assertThat(((WorkerLostException) error).exitCode()).hasValue(code);
                })
                .verify(GUARD);
        assertThat(get(pool.run(Tasks.Twice.class, 21)))
                .as("by the next worker")
                .isEqualTo(42);
    }

    @Test
    void tasksRunInOneOtherJvmAndTheirValuesComeBack() {
        WorkerPool pool = start(spec());

        assertThat(get(pool.run(Tasks.Mirror.class, List.of(new Point(1, 2), new Point(3, 4)))))
                .containsExactly(new Point(2, 1), new Point(4, 3));
        StepVerifier.create(pool.run(Tasks.Nothing.class, "")).expectComplete().verify(GUARD);
        long pid = get(pool.run(Tasks.Pid.class, ""));
        assertThat(pid).isNotEqualTo(ProcessHandle.current().pid());
        assertThat(get(pool.run(Tasks.Pid.class, ""))).isEqualTo(pid);
        assertThat(get(pool.run(Tasks.MaxMemory.class, ""))).isLessThanOrEqualTo(64L << 20);
        assertThat(pool.metrics().completed()).isEqualTo(5);
        assertThat(pool.runTimes().count()).isEqualTo(5);
    }

    @Test
    void whatATaskThrowsComesBackAsTextAndTheWorkerGoesOn() {
        WorkerPool pool = start(spec());
        long pid = get(pool.run(Tasks.Pid.class, ""));

        StepVerifier.create(pool.run(Tasks.Failing.class, "a file"))
                .expectErrorSatisfies(error -> {
                    assertThat(error).hasMessage("java.io.IOException: cannot read a file");
                    TaskFailedException failed = (TaskFailedException) error;
                    assertThat(failed.type()).isEqualTo("java.io.IOException");
                    assertThat(failed.detail()).hasValue("cannot read a file");
                    assertThat(failed.getStackTrace()[0].getClassName()).isEqualTo(Tasks.Failing.class.getName());
                    assertThat(failed.getStackTrace()[0].getMethodName()).isEqualTo("run");
                    assertThat(failed.getCause()).hasMessage("java.lang.IllegalStateException: the disk is tired");
                })
                .verify(GUARD);
        StepVerifier.create(pool.run(Tasks.Unwritable.class, ""))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TaskFailedException.class)
                        .hasMessageContaining("cannot be written"))
                .verify(GUARD);
        StepVerifier.create(pool.run(Tasks.Fatal.class, ""))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(TaskFailedException.class)
                        .hasMessageContaining("the class has gone"))
                .verify(GUARD);
        StepVerifier.create(pool.run(Tasks.Twice.class, 1)
                        .flatMap(twice -> pool.run(Tasks.Pid.class, "x".repeat(17 << 20))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("must fit in a frame"))
                .verify(GUARD);

        assertThat(get(pool.run(Tasks.Pid.class, ""))).isEqualTo(pid);
    }

    @Test
    void aWorkerIsReplacedAfterSoManyTasks() {
        WorkerPool pool = start(spec().recycleAfter(2));

        List<Long> pids = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            pids.add(get(pool.run(Tasks.Pid.class, "")));
        }

        assertThat(pids.get(1)).isEqualTo(pids.get(0));
        assertThat(pids.get(2)).isNotEqualTo(pids.get(0));
        Await.gone(pids.get(0));
    }

    @Test
    void anExitIsOneTasksErrorAndTheWorkerIsReplaced() {
        WorkerPool pool = start(spec());

        losesItsWorker(
                pool,
                pool.run(Tasks.Exiting.class, 7),
                Reason.EXITED,
                7,
                "ended with exit code 7 under " + Tasks.Exiting.class.getName());
        losesItsWorker(pool, pool.run(Tasks.Exiting.class, 3), Reason.EXITED, 3, "ended with exit code 3");
        losesItsWorker(pool, pool.run(Tasks.Hungry.class, ""), Reason.OUT_OF_MEMORY, 3, "ran out of memory");
    }

    @Test
    void aKillAndACrashAreOneTasksErrorToo() {
        WorkerPool pool = start(spec());

        losesItsWorker(pool, pool.run(Tasks.Signalled.class, "KILL"), Reason.KILLED, 137, "ended with signal KILL");
        losesItsWorker(pool, pool.run(Tasks.Signalled.class, "SEGV"), Reason.CRASHED, 1, "ended with exit code 1");
        losesItsWorker(pool, pool.run(Tasks.Signalled.class, "TERM"), Reason.KILLED, 143, "ended with ");
    }

    @Test
    void aTaskThatMayBeRunTwiceIsRunByTheNextWorker() {
        WorkerPool pool = start(spec());
        String mark = directory.resolve("mark").toString();

        assertThat(get(pool.run(
                        Tasks.ExitingOnce.class, mark, TaskOptions.defaults().retries(1))))
                .isEqualTo("second run");
        assertThat(pool.metrics().retried()).isEqualTo(1);
        assertThat(pool.metrics().completed()).isEqualTo(1);
    }

    @Test
    void aTaskThatIsCancelledIsAskedAndItsWorkerGoesOn() {
        WorkerPool pool = start(spec().grace(DAY));
        Path mark = directory.resolve("mark");
        Disposable task = pool.run(Tasks.Patient.class, mark.toString()).subscribe();
        long pid = pidIn(mark);

        task.dispose();

        assertThat(get(pool.run(Tasks.Pid.class, ""))).isEqualTo(pid);
        assertThat(directory.resolve("mark.stopped")).exists();
    }

    @Test
    void aTaskThatHeedsNothingEndsWithItsWorkerAfterTheGrace() {
        WorkerPool pool = start(spec().grace(SHORT));
        Path mark = directory.resolve("mark");
        Disposable task = pool.run(Tasks.Deaf.class, mark.toString()).subscribe();
        long pid = pidIn(mark);

        task.dispose();

        Await.gone(pid);
        assertThat(get(pool.run(Tasks.Pid.class, ""))).isNotEqualTo(pid);
        assertThat(pool.metrics().stuck()).isZero();
    }

    @Test
    void aTaskThatIsOutOfTimeEndsWithItsWorker() {
        WorkerPool pool = start(spec().grace(SHORT));
        Path mark = directory.resolve("mark");
        long pid = get(pool.run(Tasks.Pid.class, "")); // its start would count

        StepVerifier.create(pool.run(
                        Tasks.Deaf.class,
                        mark.toString(),
                        TaskOptions.defaults().timeout(Duration.ofSeconds(2))))
                .expectError(TimeoutException.class)
                .verify(GUARD);

        assertThat(mark).as("it had begun").exists();
        Await.gone(pid);
        assertThat(get(pool.run(Tasks.Twice.class, 4))).isEqualTo(8);
    }

    @Test
    void aMapKeepsTheOrderAndTakesNoMoreThanItsWorkersCanRun() {
        WorkerPool pool = start(spec().threads(2, 2));
        List<Long> asked = new ArrayList<>();

        StepVerifier.create(Flux.range(0, 1000).doOnRequest(asked::add).transform(pool.map(Tasks.Twice.class)), 0)
                .thenRequest(10)
                .expectNextSequence(Flux.range(0, 10).map(i -> 2L * i).toIterable())
                .then(() -> assertThat(asked.stream().mapToLong(Long::longValue).sum())
                        .as("emitted, and two more")
                        .isLessThanOrEqualTo(12))
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(990)
                .expectComplete()
                .verify(GUARD);
        assertThat(Flux.range(0, 100)
                        .transform(pool.mapUnordered(Tasks.Twice.class))
                        .count()
                        .block(GUARD))
                .isEqualTo(100);
    }

    @Test
    void workersThatAreToStayAreStartedAheadAndReplaced() {
        WorkerPool pool = start(spec().threads(2, 2));

        Await.until("two are there", () -> Await.runningChildren() == 2);
        Set<Long> first = pids();
        get(pool.run(Tasks.Exiting.class, 1).onErrorReturn(""));
        Await.until("one of them has been replaced", () -> {
            Set<Long> now = pids();
            return now.size() == 2 && !now.equals(first);
        });
        assertThat(get(pool.run(Tasks.Twice.class, 1))).isEqualTo(2);
    }

    @Test
    void anIdleWorkerThatDiesIsReplacedWithoutHarm() {
        WorkerPool pool = start(spec());
        long pid = get(pool.run(Tasks.Pid.class, ""));
        long before = ProcessCounters.ALL.running();

        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        Await.until("its end is known", () -> ProcessCounters.ALL.running() < before);

        assertThat(get(pool.run(Tasks.Pid.class, ""))).isNotEqualTo(pid);
    }

    @Test
    void aGracefulEndRunsWhatWasAcceptedAndEndsTheWorkers() {
        WorkerPool pool = start(spec());
        Mono<Long> task = pool.run(Tasks.Twice.class, 5).cache();
        task.subscribe();

        StepVerifier.create(pool.disposeGracefully()).expectComplete().verify(GUARD);

        assertThat(task.block(GUARD)).isEqualTo(10);
        assertThat(Await.runningChildren()).isZero();
    }

    @Test
    void anEndAtOnceEndsWhatRuns() {
        WorkerPool pool = start(spec().grace(DAY));
        Path mark = directory.resolve("mark");
        Mono<String> task = pool.run(Tasks.Deaf.class, mark.toString()).cache();
        task.subscribe(value -> {}, error -> {});
        long pid = pidIn(mark);

        pool.dispose();

        StepVerifier.create(pool.onDispose()).expectComplete().verify(GUARD);
        assertThat(Await.isRunning(pid)).isFalse();
        StepVerifier.create(task).expectError(InterruptedException.class).verify(GUARD);
    }

    @Test
    void aWorkerDiesWithTheProgramWhosePoolItIsOf() {
        Path mark = directory.resolve("mark");
        ForkedProcess service =
                get(ForkTest.fork(Tasks.Service.class, mark.toString()).spawn());
        long pid = pidIn(mark);

        ProcessHandle.of(service.pid()).ifPresent(ProcessHandle::destroyForcibly); // alone, not its descendants

        Await.gone(pid);
        service.dispose();
    }

    @Test
    void aWorkerThatCannotStartIsTheTasksError() {
        WorkerPool pool = start(spec().jvmArgs("-XX:NoSuchFlag"));

        StepVerifier.create(pool.run(Tasks.Twice.class, 1))
                .expectErrorSatisfies(error -> {
                    WorkerLostException lost = (WorkerLostException) error;
                    assertThat(lost.reason()).isEqualTo(Reason.NOT_STARTED);
                    assertThat(lost.exitCode()).hasValue(1);
                    assertThat(lost)
                            .hasMessageContaining("worker far-1 did not start")
                            .hasCauseInstanceOf(ForkException.class);
                })
                .verify(GUARD);
    }

    @Test
    void codeCannotGoThere() {
        WorkerPool pool = start(spec());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.run(() -> 1))
                .withMessageContaining("give it the class of a Task");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.map(number -> number))
                .withMessageContaining("give it the class of a Task");
        assertThat(pool.metrics().threads()).isZero();
    }
}
