// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.spindle.testkit.LeakCheck;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;

/** The end of the JVM ends trees as thoroughly as a cancel does. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class JvmEndTreesTest {

    /** Starts what it is told, prints the first line of that, and ends. */
    static final class Parent {

        private Parent() {}

        public static void main(String[] args) {
            ChildProcess child = Objects.requireNonNull(
                    Command.shell(args[0]).stdin(Input.of(Flux.never())).spawn().block(GUARD));
            System.out.println(child.stdout().map(ChildProcessTest::text).next().block(GUARD));
        }
    }

    private static String parent(Engine engine, String script) {
        return Objects.requireNonNull(EngineJvm.command(engine, Parent.class)
                        .args(script)
                        .exec()
                        .block(GUARD))
                .stdout()
                .strip();
    }

    @EngineTest
    void aGroupEndsAlthoughAParentInBetweenHasGone(Engine engine) {
        assumeTrue(engine.equals(Engines.nativeEngine()), "only there a child leads a group");

        String orphan = parent(engine, "sh -c 'sleep 300 >/dev/null & echo $!'; read x");

        Await.gone(Long.parseLong(orphan));
    }

    @EngineTest
    void aTreeThatForksMeanwhileLeavesNobody(Engine engine) {
        String mark = "300." + (UUID.randomUUID().getMostSignificantBits() >>> 1);
        String storm = "i=0; while [ $i -lt 400 ]; do (sleep " + mark + " >/dev/null & sleep " + mark
                + " >/dev/null) & i=$((i+1)); [ $i = 20 ] && echo storm; done; wait";

        assertThat(parent(engine, storm)).isEqualTo("storm");

        Await.until(
                "the storm is over",
                () -> ProcessHandle.allProcesses()
                        .noneMatch(each -> each.info().commandLine().orElse("").contains(mark)));
    }
}
