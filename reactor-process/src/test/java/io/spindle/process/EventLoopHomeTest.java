// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class EventLoopHomeTest {

    /** Take more than the second after which a process is looked at again. */
    private static final int LOOKS = 600;

    @EngineTest
    void resultsComeHomeAndTheLoopWaitsForThem(Engine engine) {
        List<String> events = new ArrayList<>();

        int code = EventLoop.run(loop -> {
            Command.shell("echo line; echo problem >&2").engine(engine).exec().subscribe(result -> {
                assertThat(loop.inLoop()).isTrue();
                events.add("exec " + result.stdout().strip());
            });
            Command.of("false").engine(engine).exec().subscribe(null, error -> {
                assertThat(loop.inLoop()).isTrue();
                events.add("failed");
            });
            Command.of("no-such-program").engine(engine).output().subscribe(null, error -> {
                assertThat(loop.inLoop()).isTrue();
                events.add("missing");
            });
            Command.of("seq", "1", "1000")
                    .engine(engine)
                    .lines()
                    .doOnNext(line -> assertThat(loop.inLoop()).isTrue())
                    .count()
                    .subscribe(count -> events.add(count + " lines"));
            Command.of("echo", "bytes").engine(engine).output().subscribe(chunk -> {
                assertThat(loop.inLoop()).isTrue();
                events.add(ChildProcessTest.text(chunk).strip());
            });
            events.add("started");
        });

        assertThat(code).isZero();
        assertThat(events)
                .startsWith("started")
                .containsExactlyInAnyOrder("started", "exec line", "failed", "missing", "1000 lines", "bytes");
    }

    @EngineTest
    void aSpawnedChildKeepsTheLoopAliveUntilItsCloseAndItsEventsAreInOrder(Engine engine) {
        List<String> events = new ArrayList<>();

        EventLoop.run(loop -> Command.shell("echo data; exit 4")
                .engine(engine)
                .spawn()
                .subscribe(child -> {
                    events.add("spawn");
                    child.stdout()
                            .subscribe(chunk ->
                                    events.add(ChildProcessTest.text(chunk).strip()));
                    child.exit().subscribe(status -> events.add("exit " + status.code()));
                    child.close().subscribe(status -> events.add("close"));
                }));

        assertThat(events).containsExactlyInAnyOrder("spawn", "data", "exit 4", "close");
        assertThat(events)
                .startsWith("spawn")
                .containsSubsequence("exit 4", "close")
                .containsSubsequence("data", "close");
    }

    @EngineTest
    void aSpawnedChildThatNobodyWatchesStillKeepsTheLoopAlive(Engine engine) {
        AtomicReference<ChildProcess> child = new AtomicReference<>();

        EventLoop.run(loop -> Command.shell("sleep 0.2").engine(engine).spawn().subscribe(child::set));

        assertThat(child.get()).isNotNull().matches(ended -> !ended.isAlive(), "has ended before the loop");
    }

    @Test
    void aLoopWithoutEpollIsServedByTheCommonOne() {
        List<String> lines = new ArrayList<>();

        EventLoopSpec.of("nio")
                .nativeTransport(false)
                .run(loop -> Command.of("echo", "x").lines().subscribe(line -> {
                    assertThat(loop.inLoop()).isTrue();
                    lines.add(line);
                }));

        assertThat(lines).containsExactly("x");
    }

    @EngineTest
    void aTimeoutIsKeptOnALoopThatHasNoPipeToWaitFor(Engine engine) {
        AtomicReference<Throwable> failure = new AtomicReference<>();

        EventLoop.run(loop -> Command.of("sleep", "300")
                .stdout(Output.discard())
                .stderr(Output.discard())
                .timeout(Duration.ofMillis(100))
                .engine(engine)
                .exec()
                .subscribe(null, failure::set));

        assertThat(failure.get())
                .isInstanceOfSatisfying(
                        ExecException.class,
                        error -> assertThat(error.reason()).isEqualTo(ExecException.Reason.TIMEOUT));
    }

    @EngineTest
    void outputThatNobodyReadsNeverWakesItsLoopWhenTheChildHasEnded(Engine engine) {
        EventLoop loop = EventLoop.create("unread");
        ChildProcess child = Objects.requireNonNull(Command.of("echo", "unread")
                .engine(engine)
                .spawn()
                .doOnNext(started -> started.stdout().subscribe(new BaseSubscriber<>() {
                    @Override
                    protected void hookOnSubscribe(Subscription subscription) {
                        // asks for nothing
                    }

                    @Override
                    protected void hookOnError(Throwable error) {
                        // it is disposed at the end
                    }
                }))
                .subscribeOn(loop)
                .block(GUARD));
        assertThat(child.exit().block(GUARD)).isNotNull();
        long[] turns = new long[LOOKS];
        AtomicInteger looks = new AtomicInteger();

        Await.until("its loop sleeps for longer than anything here repeats", () -> {
            int look = looks.getAndIncrement() % LOOKS;
            long before = turns[look];
            turns[look] = loop.metrics().turns();
            return turns[look] == before;
        });

        child.dispose();
        loop.dispose();
        loop.onDispose().block(GUARD);
    }

    @EngineTest
    void theEndOfTheLoopEndsItsChildren(Engine engine) {
        EventLoop loop = EventLoop.create("doomed");
        AtomicReference<ChildProcess> spawned = new AtomicReference<>();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Command yes = Command.of("yes").engine(engine);

        loop.schedule(() -> yes.spawn().subscribe(spawned::set));
        Await.until("it runs", () -> spawned.get() != null);
        ChildProcess child = spawned.get();
        assertThat(child).isNotNull();
        child.stdout().doOnNext(chunk -> chunk.release()).subscribe(chunk -> {}, failure::set);
        loop.dispose();

        Await.gone(child.pid());
        Await.until("the output has ended", () -> failure.get() != null);
        assertThat(failure.get()).isInstanceOf(CancellationException.class);
    }

    @EngineTest
    void withoutALoopSignalsComeOnAThreadThatServesNoPipe(Engine engine) {
        List<String> threads = new ArrayList<>();
        Flux.merge(
                        Command.of("echo", "a").engine(engine).exec().then(),
                        Command.of("echo", "a").engine(engine).lines().then(),
                        Command.of("echo", "a")
                                .engine(engine)
                                .spawn()
                                .flatMap(ChildProcess::close)
                                .then())
                .materialize()
                .doOnNext(signal -> threads.add(Thread.currentThread().getName()))
                .blockLast(GUARD);

        assertThat(threads).isNotEmpty().allMatch(name -> name.startsWith("parallel-"));
    }

    @EngineTest
    void aSubscriberThatThrowsHarmsNobodyElse(Engine engine) {
        StepVerifier.create(Command.of("yes").engine(engine).lines().doOnNext(line -> {
                    throw new IllegalStateException("mine");
                }))
                .expectErrorMessage("mine")
                .verify(GUARD);
        StepVerifier.create(Command.of("echo", "fine").engine(engine).lines())
                .expectNext("fine")
                .expectComplete()
                .verify(GUARD);
    }
}
