// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where the system's own calls are used, a signal for a process that has just ended reaches nobody else. */
@EnabledForJreRange(min = JRE.JAVA_22, disabledReason = "the native engine needs the foreign functions of Java 22")
@DisabledIfSystemProperty(
        named = "spindle.process.engine",
        matches = "epoll|threads",
        disabledReason = "this run forces another engine, so there is no native one")
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ReusedNumberTest {

    /** Seems alive for one look; then it turns out that somebody else has its number. */
    private static ProcessHandle endedInBetween(long pid) {
        AtomicInteger looks = new AtomicInteger();
        return (ProcessHandle) Proxy.newProxyInstance(
                ReusedNumberTest.class.getClassLoader(), new Class<?>[] {ProcessHandle.class}, (self, method, args) -> {
                    return switch (method.getName()) {
                        case "pid" -> pid;
                        case "isAlive" -> looks.getAndIncrement() == 0;
                        case "destroy", "destroyForcibly" -> false; // the JDK looks too
                        default -> throw new UnsupportedOperationException(method.getName());
                    };
                });
    }

    @ParameterizedTest
    @EnumSource(names = {"HUP", "USR1", "KILL", "ALRM"})
    void aSignalToOneThatHasEndedMeanwhileHitsNobodyElse(Signal signal) {
        ChildProcess other =
                Objects.requireNonNull(Command.of("sleep", "300").spawn().block(GUARD));

        ProcessTree.send(signal, List.of(endedInBetween(other.pid())));

        assertThat(other.kill(Signal.TERM)).isTrue(); // comes after the others, whose numbers are lower
        assertThat(Objects.requireNonNull(other.exit().block(GUARD)).signal()).contains(Signal.TERM);
    }

    @ParameterizedTest
    @EnumSource(names = {"HUP", "USR1", "KILL", "TERM"})
    void aSignalToOneThatLivesReachesIt(Signal signal) {
        ChildProcess child =
                Objects.requireNonNull(Command.of("sleep", "300").spawn().block(GUARD));

        ProcessTree.send(signal, List.of(ProcessHandle.of(child.pid()).orElseThrow()));

        assertThat(Objects.requireNonNull(child.exit().block(GUARD)).signal()).contains(signal);
    }
}
