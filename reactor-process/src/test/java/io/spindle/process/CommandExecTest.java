// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class CommandExecTest {

    private static final Duration GUARD = Duration.ofSeconds(20);

    @EngineTest
    void execCollectsWhatTheProgramWrites(Engine engine) {
        Command command = Command.shell("echo out; echo err >&2").engine(engine);

        StepVerifier.create(command.exec())
                .assertNext(result -> {
                    assertThat(result.stdout()).isEqualTo("out\n");
                    assertThat(result.stderr()).isEqualTo("err\n");
                    assertThat(result.status().isSuccess()).isTrue();
                    assertThat(result.duration()).isPositive();
                })
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void execFailsWithTheExitCodeAndTheTextOfStderr(Engine engine) {
        Command command = Command.shell("echo partly; echo broken >&2; exit 3").engine(engine);

        StepVerifier.create(command.exec())
                .expectErrorSatisfies(error -> {
                    ExecException failed = (ExecException) error;
                    assertThat(failed.reason()).isEqualTo(ExecException.Reason.EXIT_CODE);
                    assertThat(failed.status().code()).isEqualTo(3);
                    assertThat(failed.stdout()).isEqualTo("partly\n");
                    assertThat(failed).hasMessageContaining("exit code 3").hasMessageContaining("broken");
                })
                .verify(GUARD);
    }

    @EngineTest
    void linesStreamAndEnd(Engine engine) {
        StepVerifier.create(Command.of("seq", "1", "3").engine(engine).lines())
                .expectNext("1", "2", "3")
                .expectComplete()
                .verify(GUARD);
    }
}
