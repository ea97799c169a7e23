// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a child gets from us and what it costs us: the bug classes of process libraries. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class InheritanceTest {

    private static final long SIGNAL_PIPE = 1L << (Signal.PIPE.number() - 1);

    private static final long SIGNAL_QUIT = 1L << (Signal.QUIT.number() - 1);

    @EngineTest
    void noSignalIsBlockedOrIgnoredInTheChild(Engine engine) {
        List<String> lines = Objects.requireNonNull(Command.of("grep", "-E", "Sig(Blk|Ign)", "/proc/self/status")
                .engine(engine)
                .lines()
                .map(line -> line.replaceAll(".*\\s", ""))
                .collectList()
                .block(GUARD));

        long blocked = Long.parseUnsignedLong(lines.get(0), 16);
        assertThat(engine.equals(Engines.nativeEngine()) ? blocked : blocked & ~SIGNAL_QUIT)
                .as("blocked; the JDK leaves the signal by which it prints its threads so")
                .isZero();
        assertThat(Long.parseUnsignedLong(lines.get(1), 16) & SIGNAL_PIPE)
                .as("a broken pipe ignored")
                .isZero();
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
        Random random = new Random(7);
        String mark = "300." + (UUID.randomUUID().getMostSignificantBits() >>> 1);
        Command storm = Command.shell("i=0; while [ $i -lt 60 ]; do (sleep " + mark + " & sleep " + mark
                        + ") & i=$((i+1)); done; wait")
                .engine(engine);

        StepVerifier.create(Flux.range(0, 10)
                        .concatMap(
                                i -> storm.exec().then().timeout(Duration.ofMillis(random.nextInt(60)), Mono.empty())))
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
