// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a child means for the life of the loop that it was spawned on. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class RefTest {

    private static Command silent(Engine engine, String... line) {
        return Command.of(java.util.List.of(line))
                .stdout(Output.discard())
                .stderr(Output.discard())
                .engine(engine);
    }

    private static ChildProcess child(AtomicReference<ChildProcess> holder) {
        return Objects.requireNonNull(holder.get(), "it has been spawned");
    }

    @EngineTest
    void aLoopDoesNotWaitForAChildThatIsUnreferencedAndKillsIt(Engine engine) {
        AtomicReference<ChildProcess> spawned = new AtomicReference<>();

        EventLoop.run(loop -> silent(engine, "sleep", "300").spawn().subscribe(child -> spawned.set(child.unref())));

        assertThat(child(spawned).hasRef()).isFalse();
        Await.gone(child(spawned).pid());
        child(spawned).close().block(GUARD);
    }

    @EngineTest
    void aDetachedOneOutlivesTheLoop(Engine engine) {
        AtomicReference<ChildProcess> spawned = new AtomicReference<>();

        EventLoop.run(loop ->
                silent(engine, "sleep", "300").detached(true).spawn().subscribe(child -> spawned.set(child.unref())));

        assertThat(Await.isRunning(child(spawned).pid())).isTrue();
        child(spawned).dispose();
        child(spawned).close().block(GUARD);
        Await.gone(child(spawned).pid());
    }

    @EngineTest
    void aLoopWaitsForAChildThatIsReferencedAgain(Engine engine) {
        AtomicReference<ChildProcess> spawned = new AtomicReference<>();

        EventLoop.run(loop -> silent(engine, "sleep", "0.2")
                .spawn()
                .subscribe(child -> spawned.set(child.unref().ref())));

        assertThat(child(spawned).isAlive()).isFalse();
        assertThat(child(spawned).hasRef()).isFalse();
        assertThat(Objects.requireNonNull(child(spawned).close().block(GUARD)).isSuccess())
                .isTrue();
    }
}
