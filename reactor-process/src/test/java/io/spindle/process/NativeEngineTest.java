// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What only the native engine does. All that engines have in common is tested on it too, see {@link EngineTest}. */
@EnabledForJreRange(
        min = JRE.JAVA_22, // where it must be the default, for the build allows native access
        disabledReason = "the native engine needs the foreign functions of Java 22")
@DisabledIfSystemProperty(
        named = "spindle.process.engine",
        matches = "epoll|threads",
        disabledReason = "this run forces another engine, so there is no native one")
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class NativeEngineTest {

    private Engine engine = Engines.THREADS;

    @BeforeEach
    void itIsThereAndIsTheBest() {
        engine = Objects.requireNonNull(Engines.nativeEngine(), "no native engine although this Java has it");
        assertThat(Engines.best()).isSameAs(engine);
    }

    private ChildProcess spawn(Command command) {
        return Objects.requireNonNull(command.engine(engine).spawn().block(GUARD));
    }

    private ExitStatus exit(Command command) {
        return Objects.requireNonNull(spawn(command).exit().block(GUARD));
    }

    @Test
    void aCodeAndASignalAreToldApart() {
        for (int code : new int[] {0, 1, 126, 127, 129, 137, 141, 255}) {
            ExitStatus status = exit(Command.shell("exit " + code));

            assertThat(status.code()).isEqualTo(code);
            assertThat(status.signal()).as("exit " + code).isEmpty();
        }
        for (Signal signal : List.of(Signal.KILL, Signal.HUP, Signal.USR1, Signal.PIPE)) {
            ExitStatus status = exit(Command.shell("kill -" + signal + " $$"));

            assertThat(status.signal()).contains(signal);
            assertThat(status.code()).isEqualTo(128 + signal.number());
        }
    }

    @Test
    void noThreadWaitsForAChild() {
        Command cat = Command.of("cat").stdin(Input.of(Flux.never())).engine(engine);
        List<ChildProcess> first = spawned(cat, 8);
        long reapers = reapers();

        List<ChildProcess> children = spawned(cat, 100);

        assertThat(children).hasSize(100).allMatch(ChildProcess::isAlive);
        assertThat(reapers()).as("threads of the JDK that wait for a process").isEqualTo(reapers);
        first.forEach(ChildProcess::dispose);
        children.forEach(ChildProcess::dispose);
        Flux.fromIterable(children).flatMap(ChildProcess::close, 100).blockLast(GUARD);
        Await.until("no zombie is left", () -> Await.zombies() == 0);
    }

    private static List<ChildProcess> spawned(Command command, int count) {
        return Objects.requireNonNull(Flux.range(0, count)
                .flatMap(i -> command.spawn(), 8)
                .collectList()
                .block(GUARD));
    }

    private static long reapers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("process reaper"))
                .count();
    }

    @Test
    void theGroupEndsWithItsLeaderAlthoughAParentInBetweenHasGone() {
        ChildProcess child =
                spawn(Command.shell("sh -c 'sleep 300 & echo $!'; read x").stdin(Input.of(Flux.never())));
        long orphan = Long.parseLong(Objects.requireNonNull(
                        child.stdout().map(ChildProcessTest::text).next().block(GUARD))
                .strip());

        child.dispose();

        Await.gone(orphan);
    }

    @Test
    void aGracefulEndKillsWhoInTheGroupIgnoresItAlthoughAParentInBetweenHasGone() {
        ChildProcess child = spawn(Command.shell("sh -c 'trap \"\" TERM; sleep 300 & echo $!'; read x")
                .stdin(Input.of(Flux.never()))
                .grace(Duration.ofMillis(200)));
        long orphan = Long.parseLong(Objects.requireNonNull(
                        child.stdout().map(ChildProcessTest::text).next().block(GUARD))
                .strip());

        ExitStatus status = Objects.requireNonNull(child.disposeGracefully().block(GUARD));

        assertThat(status.signal()).contains(Signal.TERM);
        Await.gone(orphan);
    }

    @Test
    void anyNumberOfSignalsAtTheMomentOfTheEndHitsNobodyElse() {
        Command program = Command.of("true").engine(engine);
        AtomicInteger refused = new AtomicInteger();

        StepVerifier.create(Flux.range(0, 300)
                        .flatMap(
                                i -> program.spawn()
                                        .flatMap(child -> Mono.fromRunnable(() -> {
                                                    while (child.kill(Signal.CONT)) {
                                                        Thread.onSpinWait();
                                                    }
                                                    refused.incrementAndGet();
                                                })
                                                .subscribeOn(Schedulers.boundedElastic())
                                                .then(child.close())),
                                4)
                        .filter(ExitStatus::isSuccess)
                        .count())
                .expectNext(300L)
                .expectComplete()
                .verify(GUARD);

        assertThat(refused).hasValue(300);
    }

    @Test
    void aPipeThatWasFullOftenHoldsMoreAndIsForgottenWhenItIsClosed() throws IOException {
        int before = BusyPipe.count();
        BusyPipe busy = new BusyPipe();
        FileDescriptor[] ends = FileDescriptor.pipe();

        IntStream.range(0, 31).forEach(i -> busy.wasFull(ends[0]));
        assertThat(BusyPipe.count()).isEqualTo(before);
        IntStream.range(0, 100).forEach(i -> busy.wasFull(ends[0]));
        assertThat(BusyPipe.count()).isEqualTo(before + 1);

        ByteBuffer piece = ByteBuffer.allocateDirect(64 << 10);
        int held = 0;
        for (int written; (written = ends[1].write(piece, 0, piece.capacity())) > 0; ) {
            held += written;
        }
        assertThat(held).isEqualTo(1 << 20);
        busy.closed();
        busy.closed();
        assertThat(BusyPipe.count()).isEqualTo(before);
        ends[0].close();
        ends[1].close();
    }

    @Test
    void noMoreThanAFewPipesAreLargeAtOnce() throws IOException {
        List<BusyPipe> all = Stream.generate(BusyPipe::new).limit(20).toList();
        FileDescriptor[] ends = FileDescriptor.pipe();

        all.forEach(each -> IntStream.range(0, 32).forEach(i -> each.wasFull(ends[0])));

        assertThat(BusyPipe.count()).isEqualTo(8);
        all.forEach(BusyPipe::closed);
        assertThat(BusyPipe.count()).isZero();
        ends[0].close();
        ends[1].close();
    }

    @Test
    void aProcessCanBeStoppedAndContinued() {
        ChildProcess child = spawn(Command.of("cat").stdin(Input.of(Flux.never())));

        assertThat(child.kill(Signal.STOP)).isTrue();
        Await.until("it is stopped", () -> Await.state(child.pid()) == 'T');
        assertThat(child.kill(Signal.CONT)).isTrue();
        Await.until("it goes on", () -> Await.state(child.pid()) != 'T');
        child.dispose();
        assertThat(child.exit().block(GUARD)).isNotNull();
    }

    /** Tells which engine a JVM takes by itself. */
    static final class Best {
        private Best() {}

        public static void main(String[] args) {
            System.out.println("engine " + Engines.best());
        }
    }

    @Test
    void whereItIsNotAllowedItIsNotEvenLookedAt() {
        Command plain = Command.of(
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                Best.class.getName());
        List<String> line = new ArrayList<>(plain.line());
        line.add(1, "--enable-native-access=ALL-UNNAMED");

        ExecResult silent = Objects.requireNonNull(plain.exec().block(GUARD));
        ExecResult allowed = Objects.requireNonNull(Command.of(line).exec().block(GUARD));

        assertThat(silent.stdout()).contains("engine epoll");
        assertThat(silent.stdout() + silent.stderr()).doesNotContain("io.spindle.process.Libc");
        assertThat(allowed.stdout()).contains("engine native");
    }

    @Test
    void aChildLeadsAGroupAndADetachedOneASession() {
        Command ids = Command.shell("set -- $(cat /proc/$$/stat); echo $(($5 == $$)) $(($6 == $$))");

        StepVerifier.create(Flux.concat(
                        ids.engine(engine).lines(),
                        ids.detached(true).engine(engine).lines(),
                        ids.stdin(Input.inherit()).engine(engine).lines()))
                .expectNext("1 0", "1 1", "0 0")
                .expectComplete()
                .verify(GUARD);
    }
}
