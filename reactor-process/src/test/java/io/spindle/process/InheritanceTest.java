// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** What a child gets from us and what it costs us: the bug classes of process libraries. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class InheritanceTest {

    /** For each round, of which {@code spindle.test.rounds} may make more. */
    private static final int STORMS = 20;

    @EngineTest
    void noSignalIsBlockedOrIgnoredInTheChild(Engine engine) {
        List<String> lines = Objects.requireNonNull(Command.of("grep", "-E", "Sig(Blk|Ign)", "/proc/self/status")
                .engine(engine)
                .lines()
                .map(line -> line.replaceAll(".*\\s", ""))
                .collectList()
                .block(GUARD));

        long blocked = Long.parseUnsignedLong(lines.get(0), 16);
        assertThat(engine.equals(Engines.nativeEngine()) ? blocked : blocked & ~bit(Signal.QUIT))
                .as("blocked; the JDK leaves the signal by which it prints its threads so")
                .isZero();
        assertThat(Long.parseUnsignedLong(lines.get(1), 16) & bit(Signal.PIPE))
                .as("a broken pipe ignored")
                .isZero();
    }

    /** Prints what it ignores itself, and then what a child of it does. */
    static final class Ignoring {

        private Ignoring() {}

        public static void main(String[] args) throws IOException {
            Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("SigIgn"))
                    .forEach(System.out::println);
            System.out.print(Objects.requireNonNull(Command.of("grep", "SigIgn", "/proc/self/status")
                            .exec()
                            .block(GUARD))
                    .stdout());
        }
    }

    @EngineTest
    void whatThisJvmWasStartedToIgnoreAChildOfTheNativeEngineDoesNot(Engine engine) {
        long ignored = bit(Signal.HUP) | bit(Signal.INT) | bit(Signal.USR1);
        Command underNohup = EngineJvm.command("trap '' HUP INT USR1", engine, Ignoring.class);

        List<Long> masks = Objects.requireNonNull(underNohup
                .lines()
                .filter(line -> line.startsWith("SigIgn"))
                .map(line -> Long.parseUnsignedLong(line.replaceAll(".*\\s", ""), 16))
                .collectList()
                .block(GUARD));

        assertThat(masks).hasSize(2);
        assertThat(masks.get(0) & ignored).as("ignored by the JVM").isEqualTo(ignored);
        if (engine.equals(Engines.nativeEngine())) {
            assertThat(masks.get(1)).as("ignored by its child").isZero();
        } else {
            assertThat(masks.get(1) & ignored)
                    .as("ignored by its child, for the JDK hands it on, see Command")
                    .isEqualTo(ignored);
        }
    }

    private static long bit(Signal signal) {
        return 1L << (signal.number() - 1);
    }

    @EngineTest
    void aPipelineInsideAShellEnds(Engine engine) {
        StepVerifier.create(Command.shell("yes | head -n 1").engine(engine).lines())
                .expectNext("y")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aTreeThatForksWhileItIsKilledLeavesNobody(Engine engine) {
        String mark = "300." + (UUID.randomUUID().getMostSignificantBits() >>> 1);
        Command storm = Command.shell("i=0; while [ $i -lt 60 ]; do (sleep " + mark + " & sleep " + mark
                        + ") & i=$((i+1)); [ $i != 3 ] || echo raging; done; wait")
                .engine(engine);

        StepVerifier.create(Flux.range(0, STORMS)
                        .concatMap(i -> storm.spawn()
                                .flatMap(child -> child.stdout()
                                        .map(ChildProcessTest::text)
                                        .doOnNext(line -> child.dispose())
                                        .onErrorComplete(CancellationException.class)
                                        .then(child.close()))))
                .expectNextCount(STORMS)
                .expectComplete()
                .verify(GUARD);

        Await.until(
                "the storm is over",
                () -> ProcessHandle.allProcesses()
                        .noneMatch(each -> each.info().commandLine().orElse("").contains(mark)));
    }

    @EngineTest
    void aShortChunkThatIsKeptKeepsNoLongOne(Engine engine) {
        Command command = Command.of("echo", "x").engine(engine);
        List<ByteBuf> kept = new ArrayList<>();

        Flux.range(0, 50).flatMap(i -> command.output(), 4).doOnNext(kept::add).blockLast(GUARD);

        assertThat(kept).hasSize(50).allMatch(chunk -> chunk.capacity() <= 512, "is small");
        kept.forEach(ByteBuf::release);
    }
}
