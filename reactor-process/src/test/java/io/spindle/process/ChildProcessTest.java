// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ChildProcessTest {

    private static ChildProcess spawn(Command command) {
        return Objects.requireNonNull(command.spawn().block(GUARD));
    }

    private static ExitStatus await(Mono<ExitStatus> status) {
        return Objects.requireNonNull(status.block(GUARD));
    }

    static String text(ByteBuf chunk) {
        String text = chunk.toString(StandardCharsets.UTF_8);
        chunk.release();
        return text;
    }

    private static String read(Flux<ByteBuf> output) {
        return Objects.requireNonNull(
                output.map(ChildProcessTest::text).reduce("", String::concat).block(GUARD));
    }

    @EngineTest
    void closeComesAfterTheExitAndTheOutput(Engine engine) {
        List<String> order = new ArrayList<>(); // in the order of the loop
        Sinks.Empty<ByteBuf> watched = Sinks.empty(); // else it may all be over before anybody has subscribed

        EventLoop.run(loop -> Command.shell("read line; echo out; exit 4")
                .stdin(Input.of(watched.asMono()))
                .engine(engine)
                .spawn()
                .subscribe(child -> {
                    child.close().subscribe(status -> order.add("close"));
                    child.exit().subscribe(status -> order.add("exit"));
                    child.stdout()
                            .map(ChildProcessTest::text)
                            .subscribe(order::add, error -> {}, () -> order.add("end of output"));
                    watched.tryEmitEmpty();
                }));

        assertThat(order)
                .containsExactlyInAnyOrder("out\n", "end of output", "exit", "close")
                .containsSubsequence("out\n", "end of output", "close")
                .containsSubsequence("exit", "close");
    }

    @EngineTest
    void aChildThatHasEndedSaysSoAndTakesNoSignal(Engine engine) {
        ChildProcess child = spawn(Command.shell("echo out; exit 4").engine(engine));

        assertThat(read(child.stdout())).isEqualTo("out\n");
        assertThat(await(child.exit()).code()).isEqualTo(4);
        assertThat(await(child.close())).isEqualTo(await(child.exit()));
        assertThat(child.isAlive()).isFalse();
        assertThat(child.isDisposed()).isTrue();
        assertThat(child.kill(Signal.TERM)).isFalse();
        assertThat(child.kill(Signal.USR1)).isFalse();
    }

    @EngineTest
    @DisplayName("O-57: a grandchild that holds the pipe puts off close, not exit")
    void aGrandchildThatHoldsThePipeDelaysCloseButNotExit(Engine engine) {
        ChildProcess child = spawn(Command.shell("sleep 300 & echo $!; exit 4").engine(engine));
        AtomicLong grandchild = new AtomicLong();
        child.stdout().map(ChildProcessTest::text).subscribe(line -> grandchild.set(Long.parseLong(line.strip())));

        assertThat(await(child.exit()).code()).isEqualTo(4);
        Await.until("the grandchild is known", () -> grandchild.get() != 0);
        assertThat(Await.isRunning(grandchild.get())).isTrue();
        if (!engine.equals(Engines.THREADS)) {
            assertThat(child.isDisposed()).as("closed while the pipe is held").isFalse();
        }

        ProcessHandle.of(grandchild.get()).orElseThrow().destroyForcibly();
        assertThat(await(child.close()).code()).isEqualTo(4);
    }

    @EngineTest
    void exitCodesAreReportedAsTheyAre(Engine engine) {
        for (int code : new int[] {0, 1, 9, 126, 127, 255}) {
            ExitStatus status =
                    await(spawn(Command.shell("exit " + code).engine(engine)).exit());

            assertThat(status.code()).isEqualTo(code);
            assertThat(status.signal()).isEmpty();
        }
        assertThat(await(spawn(Command.shell("exit 137").engine(engine)).exit()).code())
                .isEqualTo(137);
        assertThat(await(spawn(Command.shell("kill -KILL $$").engine(engine)).exit())
                        .signal())
                .contains(Signal.KILL);
    }

    @EngineTest
    void anySignalReachesTheProcess(Engine engine) {
        ChildProcess child =
                spawn(Command.shell("trap 'echo caught; kill $!; exit 7' USR1; sleep 300 >/dev/null & echo ready; wait")
                        .engine(engine));

        StepVerifier.create(child.stdout().map(ChildProcessTest::text))
                .expectNext("ready\n")
                .then(() -> assertThat(child.kill(Signal.USR1)).isTrue())
                .expectNext("caught\n")
                .expectComplete()
                .verify(GUARD);

        assertThat(await(child.exit())).hasToString("exit code 7");
    }

    @EngineTest
    void aChildThatClosesItsOutputsAndLivesOnHasNotEnded(Engine engine) {
        ChildProcess child = spawn(Command.shell("exec >&- 2>&-; read x; exit 3")
                .stdin(Input.of(Flux.never()))
                .engine(engine));

        assertThat(read(child.stdout())).isEmpty();
        assertThat(read(child.stderr())).isEmpty();
        assertThat(child.isAlive()).isTrue();

        child.kill(Signal.TERM);
        assertThat(await(child.close()).signal()).contains(Signal.TERM);
    }

    @EngineTest
    void unreadStderrDoesNotStopAChildWhoseStdoutIsRead(Engine engine) {
        ChildProcess child =
                spawn(Command.shell("head -c 1000000 /dev/zero >&2; echo done").engine(engine));

        assertThat(read(child.stdout())).isEqualTo("done\n");
        assertThat(await(child.close()).isSuccess()).isTrue();
        StepVerifier.create(child.stderr())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("stderr"))
                .verify(GUARD);
    }

    @EngineTest
    void littleUnreadOutputIsKeptForALateSubscriber(Engine engine) {
        ChildProcess child = spawn(Command.shell("echo kept").engine(engine));
        await(child.close());

        assertThat(read(child.stdout())).isEqualTo("kept\n");
        assertThat(read(child.stderr())).isEmpty();
    }

    @EngineTest
    void waitingForTheExitAloneNeverHangsOnAFullPipe(Engine engine) {
        ChildProcess child =
                spawn(Command.of("head", "-c", "1000000", "/dev/zero").engine(engine));

        assertThat(await(child.exit()).isSuccess()).isTrue();
    }

    @EngineTest
    void anOutputHasOneSubscriber(Engine engine) {
        ChildProcess child = spawn(Command.of("echo", "once").engine(engine));

        assertThat(read(child.stdout())).isEqualTo("once\n");
        StepVerifier.create(child.stdout())
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("once only"))
                .verify(GUARD);
        await(child.close());
    }

    @EngineTest
    void anOutputThatIsNotPipedIsAnError(Engine engine) {
        ChildProcess child = spawn(Command.of("echo").stdout(Output.discard()).engine(engine));

        StepVerifier.create(child.stdout())
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("not piped"))
                .verify(GUARD);
        await(child.close());
    }

    @EngineTest
    void cancellingAnOutputClosesThePipeSoThatTheWriterEnds(Engine engine) {
        ChildProcess child = spawn(Command.of("yes").engine(engine));

        child.stdout().map(ChildProcessTest::text).take(1).blockLast(GUARD);

        assertThat(await(child.exit()).signal()).contains(Signal.PIPE);
    }

    @EngineTest
    void disposeKillsTheTreeAndEndsTheOutputs(Engine engine) {
        ChildProcess child = spawn(Command.shell("sleep 300 & echo $!; wait").engine(engine));
        AtomicLong grandchild = new AtomicLong();

        StepVerifier.create(child.stdout().map(ChildProcessTest::text))
                .consumeNextWith(line -> grandchild.set(Long.parseLong(line.strip())))
                .then(child::dispose)
                .expectError(CancellationException.class)
                .verify(GUARD);

        assertThat(await(child.close()).signal()).contains(Signal.KILL);
        Await.gone(grandchild.get());
        child.dispose();
        assertThat(child.isDisposed()).isTrue();
    }

    /** Kills, and returns when the output has ended of that. */
    private record SlowKill(Engine real, CountDownLatch ended) implements Engine {

        @Override
        public boolean canUse(IoEventLoop loop) {
            return real.canUse(loop);
        }

        @Override
        public List<Launched> launch(List<Command> stages, IoEventLoop loop) throws LaunchException {
            return real.launch(stages, loop).stream()
                    .map(each -> new Launched(slow(each.process()), each.stdin(), each.stdout(), each.stderr()))
                    .toList();
        }

        private Running slow(Running process) {
            return (Running) Proxy.newProxyInstance(
                    Running.class.getClassLoader(), new Class<?>[] {Running.class}, (proxy, method, args) -> {
                        Object result = method.invoke(process, args);
                        if (method.getName().equals("killTree")) {
                            awaitQuietly(ended);
                        }
                        return result;
                    });
        }
    }

    @EngineTest
    void anOutputThatEndsByTheKillBeforeItIsClosedFailsAllTheSame(Engine engine) {
        CountDownLatch ended = new CountDownLatch(1);
        ChildProcess child = spawn(Command.of("sleep", "300").engine(new SlowKill(engine, ended)));

        StepVerifier.create(child.stdout().doFinally(signal -> ended.countDown()))
                .then(child::dispose)
                .expectError(CancellationException.class)
                .verify(GUARD);

        assertThat(await(child.close()).signal()).contains(Signal.KILL);
    }

    @EngineTest
    void aGracefulEndIsOverAsSoonAsTheProcessObeys(Engine engine) {
        ChildProcess child =
                spawn(Command.of("sleep", "300").grace(Duration.ofDays(1)).engine(engine));

        assertThat(await(child.disposeGracefully()).signal()).contains(Signal.TERM);
        assertThat(await(child.disposeGracefully()).signal()).contains(Signal.TERM);
    }

    @EngineTest
    void aProcessThatIsEndedForALimitSaysForWhich(Engine engine) {
        Command nap = Command.of("sleep", "300").engine(engine);
        ChildProcess late = spawn(nap.timeout(Duration.ofMillis(50)));
        ChildProcess silent = spawn(nap.idleTimeout(Duration.ofMillis(50)));
        ChildProcess killed = spawn(nap.timeout(Duration.ofDays(1)));
        killed.kill(Signal.TERM);

        assertThat(await(late.exit()).signal()).contains(Signal.TERM);
        assertThat(late.exceededLimit()).contains(ExecException.Reason.TIMEOUT);
        assertThat(await(silent.exit()).signal()).contains(Signal.TERM);
        assertThat(silent.exceededLimit()).contains(ExecException.Reason.IDLE_TIMEOUT);
        assertThat(await(killed.exit()).signal()).contains(Signal.TERM);
        assertThat(killed.exceededLimit()).isEmpty();
    }

    @EngineTest
    void aProcessThatIgnoresTermIsKilledAfterTheGrace(Engine engine) {
        ChildProcess child = spawn(Command.shell("trap '' TERM; echo ready; while :; do sleep 300; done")
                .grace(Duration.ofMillis(100))
                .engine(engine));
        child.stdout().map(ChildProcessTest::text).next().block(GUARD);

        assertThat(await(child.disposeGracefully()).signal()).contains(Signal.KILL);
    }

    /** The JDK tells ends on the common pool, which has one thread on two cores from Java 25 on. */
    @EngineTest
    void endsAreSeenWhileTheCommonPoolIsFullOfBlockedTasks(Engine engine) throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        int parallelism = ForkJoinPool.getCommonPoolParallelism();
        CountDownLatch blocked = new CountDownLatch(parallelism);
        for (int i = 0; i < parallelism; i++) {
            ForkJoinPool.commonPool().execute(() -> {
                blocked.countDown();
                awaitQuietly(release);
            });
        }
        blocked.await();
        Command quiet = Command.of("true").stdout(Output.discard()).stderr(Output.discard());

        try {
            assertThat(Command.of("echo", "x").engine(engine).exec().block(GUARD))
                    .isNotNull();
            assertThat(quiet.engine(engine).exec().block(GUARD)).isNotNull();
        } finally {
            release.countDown();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
