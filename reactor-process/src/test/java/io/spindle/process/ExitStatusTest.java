// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class ExitStatusTest {

    private static final Set<Signal> HARMLESS = EnumSet.of(
            Signal.CHLD, Signal.CONT, Signal.STOP, Signal.TSTP, Signal.TTIN, Signal.TTOU, Signal.URG, Signal.WINCH);

    @Test
    void everySignalOfLinuxThatHasANameIsKnown() {
        for (int number = 1; number <= 31; number++) {
            assertThat(Signal.of(number)).as("signal " + number).isPresent();
        }
        assertThat(Signal.of(0)).isEmpty();
        assertThat(Signal.of(32)).isEmpty();
    }

    @Test
    @DisplayName("HT-53: a signal is known by its name or its number, an unknown one is an error")
    void aSignalIsParsed() {
        for (Signal signal : Signal.values()) {
            assertThat(Signal.parse(signal.name())).isEqualTo(signal);
            assertThat(Signal.parse("SIG" + signal)).isEqualTo(signal);
            assertThat(Signal.parse(" " + signal.number())).isEqualTo(signal);
        }
        assertThat(Signal.parse("sigterm")).isEqualTo(Signal.TERM);
        assertThat(Signal.parse("SIGIOT")).isEqualTo(Signal.ABRT);
        assertThat(Signal.parse("SIGPOLL")).isEqualTo(Signal.IO);
        for (String unknown : List.of("SIGBAD", "", "SIG", "SIGSIGTERM", "SIG15", "0", "-1", "32", "1.0")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Signal.parse(unknown))
                    .withMessage("unknown signal: '" + unknown
                            + "' (a signal is HUP to SYS, with or without SIG, or its number, 1 to 31)");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {34, 40, 64})
    void aSignalWithoutANameIsStillASignal(int number) {
        ExitStatus status = ExitStatus.ofWaitStatus(number);

        assertThat(status.signalNumber()).hasValue(number);
        assertThat(status.signal()).isEmpty();
        assertThat(status.code()).isEqualTo(128 + number);
        assertThat(status).hasToString("signal " + number);
        assertThat(status).isNotEqualTo(ExitStatus.ofWaitStatus((128 + number) << 8));
    }

    @Test
    void aCodeThatNoSignalCanHaveMadeIsACode() {
        assertThat(ExitStatus.ofShellCode(128 + 17).signal()).isEmpty();
        assertThat(ExitStatus.ofShellCode(128 + 19)).hasToString("exit code 147");
        assertThat(ExitStatus.ofShellCode(128 + 40).signalNumber()).isEmpty();
        assertThat(ExitStatus.ofShellCode(128 + 27).signal()).contains(Signal.PROF);
        assertThat(ExitStatus.ofShellCode(3).signalNumber()).isEmpty();
        assertThat(ExitStatus.ofShellCode(255).signalNumber()).isEmpty();
    }

    @EngineTest
    void whicheverSignalEndsAProgramIsTold(Engine engine) throws IOException {
        Command program = Command.shell("ulimit -c 0; kill -$1 $$").engine(engine);
        Set<Signal> deadly = EnumSet.complementOf(EnumSet.copyOf(HARMLESS));
        if (!engine.equals(Engines.nativeEngine())) {
            deadly.remove(Signal.QUIT); // which the JDK leaves blocked
            for (Signal signal : Signal.values()) {
                if (Program.isIgnored(signal.number())) { // which the JDK hands on
                    deadly.remove(signal);
                }
            }
        }
        for (Signal signal : deadly) {
            assertThatThrownBy(() -> program.args(Integer.toString(signal.number()))
                            .exec()
                            .block(GUARD))
                    .isInstanceOfSatisfying(ExecException.class, error -> {
                        assertThat(error.status().signal()).contains(signal);
                        assertThat(error.status().signalNumber()).hasValue(signal.number());
                        assertThat(error.reason()).isEqualTo(ExecException.Reason.SIGNAL);
                    });
        }
    }

    @EngineTest
    void aRealTimeSignalIsToldByItsNumberWhereTheSystemIsAsked(Engine engine) {
        boolean exact = engine.equals(Engines.nativeEngine());

        assertThatThrownBy(
                        () -> Command.shell("kill -40 $$").engine(engine).exec().block(GUARD))
                .isInstanceOfSatisfying(ExecException.class, error -> {
                    assertThat(error.status().code()).isEqualTo(168);
                    assertThat(error.status().signalNumber().isPresent()).isEqualTo(exact);
                    assertThat(error.reason())
                            .isEqualTo(exact ? ExecException.Reason.SIGNAL : ExecException.Reason.EXIT_CODE);
                });
    }

    @EngineTest
    void everySignalCanBeSentByItsName(Engine engine) {
        for (Signal signal : Set.of(Signal.STKFLT, Signal.VTALRM, Signal.PROF, Signal.IO, Signal.PWR)) {
            ChildProcess child = Objects.requireNonNull(
                    Command.of("sleep", "300").engine(engine).spawn().block(GUARD));

            assertThat(child.kill(signal)).isTrue();

            assertThat(Objects.requireNonNull(child.exit().block(GUARD)).signal())
                    .contains(signal);
        }
    }
}
