// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.IoEventLoop;
import io.spindle.process.ipc.Channel;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import io.spindle.testkit.Transport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Node's ordering rules of children, O-47 and O-55 to O-63, as a loop sees them, on each of its transports. Where a rule orders
 * an exit and what the child's channel or pipes tell, close is what follows both.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ChildOrderTest {

    private final List<String> log = new ArrayList<>();

    @Parameter
    @SuppressWarnings("NullAway.Init")
    Transport transport;

    private void logEnds(ChildProcess child) {
        child.exit().subscribe(status -> log.add("exit " + status.code()));
        child.close().subscribe(status -> log.add("close " + status.code()));
    }

    private void logEnds(ForkedProcess child) {
        child.channel().onDispose().subscribe(null, null, () -> log.add("disconnect"));
        logEnds((ChildProcess) child);
    }

    @Test
    @DisplayName("O-55: a fork is spawned, sent to, answers, disconnects, exits, closes")
    void aForkThatAnswersAndDisconnects() {
        transport.run(loop -> ForkTest.fork(Forks.Once.class).spawn().subscribe(child -> {
            log.add("spawn");
            logEnds(child);
            child.channel().receive(String.class).subscribe(log::add);
            child.channel().send("echo").subscribe(null, null, () -> log.add("sent"));
        }));

        assertThat(log).containsExactly("spawn", "sent", "echo", "disconnect", "exit 0", "close 0");
    }

    @EngineTest
    @DisplayName("O-56: a program that is missing is an error, and neither a start nor an exit")
    void aMissingProgram(Engine engine) {
        transport.run(loop -> Command.of("no-such-program-here")
                .engine(engine)
                .spawn()
                .subscribe(
                        child -> log.add("spawn"),
                        error -> log.add(((SpawnException) error).reason() + " " + loop.inLoop()),
                        () -> log.add("complete")));

        assertThat(log).containsExactly("PROGRAM_MISSING true");
    }

    @EngineTest
    @DisplayName("O-57: what a child wrote and its exit are told while a grandchild holds its output, then close")
    void aGrandchildThatHoldsTheOutput(Engine engine) {
        transport.run(loop -> Command.shell("sleep 300 & echo $!; exit 4")
                .engine(engine)
                .spawn()
                .subscribe(child -> {
                    logEnds(child);
                    Sinks.One<Long> grandchild = Sinks.one();
                    child.stdout().map(ChildProcessTest::text).subscribe(line -> {
                        log.add("data");
                        grandchild.tryEmitValue(Long.valueOf(line.strip()));
                    });
                    Mono.when(grandchild.asMono(), child.exit())
                            .then(grandchild.asMono())
                            .subscribe(pid -> {
                                log.add("still held");
                                ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
                            });
                }));

        if (!engine.equals(Engines.THREADS)) { // which cannot tell that the pipe is held
            assertThat(log).containsSubsequence("still held", "close 4");
        }
        assertThat(log)
                .containsSubsequence("data", "still held")
                .containsSubsequence("exit 4", "still held")
                .contains("close 4")
                .hasSize(4);
    }

    @EngineTest
    @DisplayName("O-58: a kill where the start is told is followed by exit and close, after which there is none")
    void aKillWhereTheStartIsTold(Engine engine) {
        transport.run(loop -> Command.of("sleep", "300").engine(engine).spawn().subscribe(child -> {
            log.add("kill " + child.kill(Signal.KILL));
            logEnds(child);
            child.close().subscribe(status -> log.add("kill " + child.kill(Signal.KILL)));
        }));

        assertThat(log).containsExactly("kill true", "exit 137", "close 137", "kill false");
    }

    @EngineTest
    @DisplayName("O-59: a child that is told to end after 50 ms exits by TERM, then closes")
    void anEndThatIsAskedForLater(Engine engine) {
        transport.run(loop -> Command.of("sleep", "300").engine(engine).spawn().subscribe(child -> {
            log.add("spawn");
            logEnds(child);
            loop.setTimeout(Duration.ofMillis(50), () -> {
                log.add("abort");
                child.disposeGracefully().subscribe();
            });
        }));

        assertThat(log).containsExactly("spawn", "abort", "exit 143", "close 143");
    }

    @EngineTest
    @DisplayName(
            "O-60: a child that is disposed where its start is told: its output fails and it exits, then it closes")
    void aChildThatIsDisposedAtOnce(Engine engine) {
        transport.run(loop -> Command.of("sleep", "300").engine(engine).spawn().subscribe(child -> {
            log.add("spawn");
            child.stdout()
                    .map(ChildProcessTest::text)
                    .subscribe(
                            log::add,
                            error -> log.add(error instanceof CancellationException ? "cancelled" : error.toString()));
            child.dispose();
            logEnds(child);
        }));

        assertThat(log)
                .containsExactlyInAnyOrder("spawn", "cancelled", "exit 137", "close 137")
                .startsWith("spawn")
                .endsWith("close 137");
    }

    /** Counts what it is told to start. */
    private record Counting(Engine real, AtomicInteger launches) implements Engine {

        @Override
        public boolean canUse(IoEventLoop loop) {
            return real.canUse(loop);
        }

        @Override
        public List<Launched> launch(List<Command> stages, IoEventLoop loop) throws LaunchException {
            launches.incrementAndGet();
            return real.launch(stages, loop);
        }
    }

    @EngineTest
    @DisplayName("O-60: a spawn that is cancelled where it is subscribed starts nothing, where Node starts and ends it")
    void aSpawnThatIsCancelledAtOnce(Engine engine) {
        AtomicInteger launches = new AtomicInteger();
        ProcessLimit one = ProcessLimit.of(1); // what had been started would hold up the next
        Command command = Command.of("sleep", "300").limit(one).engine(new Counting(engine, launches));

        command.spawn().subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.cancel();
            }
        });
        Command.of("true").limit(one).engine(command.engine()).exec().block(GUARD);

        assertThat(launches).hasValue(1);
        assertThat(one.running() + one.waiting()).isZero();
    }

    @Test
    @DisplayName("O-61: what is sent before the child listens arrives in its order when it does")
    void messagesWaitForTheListener() {
        transport.run(loop -> ForkTest.fork(Forks.LateListener.class).spawn().subscribe(child -> {
            Channel channel = child.channel();
            send(channel, 1);
            send(channel, 2);
            channel.request("running", "")
                    .then(Mono.defer(() -> {
                        send(channel, 3);
                        log.add("listen");
                        return channel.request("listen", "");
                    }))
                    .map(heard -> Arrays.toString(heard.as(int[].class)))
                    .doFinally(end -> child.dispose())
                    .subscribe(log::add);
        }));

        assertThat(log).containsExactly("listen", "sent 1", "sent 2", "sent 3", "[1, 2, 3]");
    }

    private void send(Channel channel, int number) {
        channel.send(number).subscribe(null, null, () -> log.add("sent " + number));
    }

    @Test
    @DisplayName("O-47: three messages that come in one read are told before any tick that their handlers set")
    void messagesOfOneReadComeBeforeTheirTicks(@TempDir Path directory) {
        assumeTrue(transport != Transport.NIO, "another loop reads the channel, and hands over message by message");
        Path sent = directory.resolve("sent");
        transport.run(loop -> ForkTest.fork(Forks.Burst.class, sent.toString())
                .spawn()
                .subscribe(child -> {
                    Channel channel = child.channel();
                    channel.receive(Integer.class).take(3).subscribe(number -> {
                        log.add("message " + number);
                        loop.nextTick(() -> log.add("tick " + number));
                        loop.queueMicrotask(() -> log.add("microtask " + number));
                        loop.setImmediate(() -> log.add("immediate " + number));
                        if (number == 3) {
                            child.dispose();
                        }
                    });
                    channel.send("go").subscribe(null, null, () -> Spin.until(() -> Files.exists(sent)));
                }));

        assertThat(log)
                .containsExactly(
                        "message 1",
                        "message 2",
                        "message 3",
                        "tick 1",
                        "tick 2",
                        "tick 3",
                        "microtask 1",
                        "microtask 2",
                        "microtask 3",
                        "immediate 1",
                        "immediate 2",
                        "immediate 3");
    }

    @Test
    @DisplayName("O-62: after a disconnect a send fails, another disconnect waits for the same end, the child exits")
    void aSendAfterADisconnect() {
        transport.run(loop -> ForkTest.fork(Forks.Echo.class).spawn().subscribe(child -> {
            Channel channel = child.channel();
            logEnds(child);
            channel.disconnect().subscribe();
            log.add("disconnected " + channel.isDisconnected());
            channel.send("late")
                    .subscribe(null, error -> log.add(error.getClass().getSimpleName()), () -> log.add("sent"));
            channel.disconnect().subscribe(null, null, () -> log.add("again"));
        }));

        assertThat(log)
                .startsWith("disconnected true", "ChannelClosedException")
                .containsSubsequence("disconnect", "again", "close 0")
                .contains("exit 0")
                .endsWith("close 0")
                .hasSize(6);
    }

    @Test
    @DisplayName("O-63: a short message of a child that exits at once arrives before the end of the channel and close")
    void aShortMessageAndAnExitAtOnce() {
        transport.run(loop -> ForkTest.fork(Forks.Hasty.class).spawn().subscribe(child -> {
            logEnds(child);
            child.channel().receive(String.class).subscribe(log::add);
        }));

        assertThat(log)
                .containsSubsequence("short", "disconnect", "close 3")
                .contains("exit 3")
                .endsWith("close 3")
                .hasSize(4);
    }
}
