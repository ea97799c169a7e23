// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class CommandTest {

    @TempDir
    Path directory;

    @EngineTest
    void argumentsAreNeverSplitOrExpanded(Engine engine) {
        Command command = Command.of("printf", "%s|", "a b", "$HOME", "*", "'", "")
                .args("ü\n")
                .engine(engine);

        StepVerifier.create(command.exec())
                .assertNext(result -> assertThat(result.stdout()).isEqualTo("a b|$HOME|*|'||ü\n|"))
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void shellScriptsSeeAppendedArgumentsAsParameters(Engine engine) {
        StepVerifier.create(Command.shell("echo \"$1-$2\"")
                        .args("a b", "$(id)")
                        .engine(engine)
                        .lines())
                .expectNext("a b-$(id)")
                .expectComplete()
                .verify(GUARD);
    }

    @Test
    void aNulCharacterIsRefusedAtTheCall() {
        Command command = Command.of("echo");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Command.of("echo", "a\0b"))
                .withMessageContaining("NUL")
                .withMessageContaining("index 1");
        assertThatIllegalArgumentException().isThrownBy(() -> Command.of("ec\0ho"));
        assertThatIllegalArgumentException().isThrownBy(() -> Command.shell("echo \0"));
        assertThatIllegalArgumentException().isThrownBy(() -> command.args("\0"));
        assertThatIllegalArgumentException().isThrownBy(() -> command.env("A", "\0"));
        assertThatIllegalArgumentException().isThrownBy(() -> command.env("A\0", ""));
    }

    @Test
    void otherArgumentsThatMakeNoSenseAreRefusedAtTheCall() {
        Command command = Command.of("echo");

        assertThatIllegalArgumentException().isThrownBy(() -> Command.of(""));
        assertThatIllegalArgumentException().isThrownBy(() -> Command.of(List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> command.env("A=B", "c"));
        assertThatIllegalArgumentException().isThrownBy(() -> command.env("", "c"));
        assertThatIllegalArgumentException().isThrownBy(() -> command.unsetEnv(""));
        assertThatIllegalArgumentException().isThrownBy(() -> command.stdout(Output.merged()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> command.timeout(Duration.ofMillis(-1)))
                .withMessageContaining("timeout")
                .withMessageContaining("PT-0.001S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> command.idleTimeout(Duration.ofMillis(-1)))
                .withMessageContaining("idleTimeout")
                .withMessageContaining("PT-0.001S");
        assertThatIllegalArgumentException().isThrownBy(() -> command.maxBuffer(0));
        assertThatIllegalArgumentException().isThrownBy(() -> command.maxLine(0, LongLine.CUT));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> command.stdout(Output.discard()).lines())
                .withMessageContaining("echo");
    }

    @EngineTest
    void aCommandIsImmutableAndRunsAnewForEachSubscription(Engine engine) {
        Command command = Command.of("sh", "-c", "echo $$").engine(engine);
        command.args("ignored").env("A", "b").directory(directory);

        String first = command.lines().blockLast(GUARD);
        String second = command.lines().blockLast(GUARD);

        assertThat(first).isNotEqualTo(second);
        assertThat(command.line()).containsExactly("sh", "-c", "echo $$");
    }

    @EngineTest
    void theEnvironmentIsInheritedChangedOrCleared(Engine engine) {
        Command command = Command.of("/usr/bin/env")
                .env("SPINDLE_A", "1\n2")
                .env("SPINDLE_B", "x")
                .unsetEnv("SPINDLE_B")
                .engine(engine);

        StepVerifier.create(command.exec())
                .assertNext(result -> assertThat(result.stdout())
                        .contains("SPINDLE_A=1\n2\n")
                        .contains("PATH=")
                        .doesNotContain("SPINDLE_B"))
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(command.clearEnv(true).exec())
                .assertNext(result -> assertThat(result.stdout()).isEqualTo("SPINDLE_A=1\n2\n"))
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void theDirectoryAndFilesForTheStreamsAreUsed(Engine engine) throws IOException {
        Path in = Files.writeString(directory.resolve("in"), "b\na\n");
        Path out = directory.resolve("out");
        Command sort =
                Command.of("sort").directory(directory).stdin(Input.file(in)).engine(engine);

        assertThat(sort.stdout(Output.file(out)).exec().block(GUARD)).isNotNull();
        assertThat(sort.args("missing")
                        .stderr(Output.append(out))
                        .exitCodes(code -> true)
                        .exec()
                        .block(GUARD))
                .isNotNull();

        assertThat(Files.readString(out)).startsWith("a\nb\n").contains("missing");
        StepVerifier.create(
                        Command.of("pwd").directory(directory).engine(engine).lines())
                .expectNext(directory.toRealPath().toString())
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void acceptedExitCodesAreSuccess(Engine engine) {
        Command grep = Command.of("grep", "x").stdin(Input.of("y\n")).engine(engine);

        StepVerifier.create(grep.exec()).expectError(ExecException.class).verify(GUARD);
        StepVerifier.create(grep.exitCodes(0, 1).exec())
                .assertNext(result -> assertThat(result.status().code()).isEqualTo(1))
                .expectComplete()
                .verify(GUARD);
    }

    @Test
    void itsTextQuotesWhatAShellWouldSplit() {
        assertThat(Command.of("echo", "a b", "it's", "--x=1")).hasToString("echo 'a b' 'it'\\''s' --x=1");
    }

    @EngineTest
    void secretArgumentsReachTheProgramAndNoTextOfOurs(Engine engine) {
        Command command = Command.of("echo", "user")
                .secretArgs("pass word", "token")
                .args("end")
                .engine(engine);

        StepVerifier.create(command.lines())
                .expectNext("user pass word token end")
                .expectComplete()
                .verify(GUARD);
        assertThat(command).hasToString("echo user *** *** end");
        assertThat(command.pipe(command)).hasToString("echo user *** *** end | echo user *** *** end");
        assertThat(Command.of("echo").secretArgs("x").args("y")).hasToString("echo *** y");
        StepVerifier.create(Command.of("no-such-program")
                        .secretArgs("token")
                        .engine(engine)
                        .exec())
                .expectErrorSatisfies(error -> assertThat(error.toString() + error.getCause())
                        .contains("no-such-program")
                        .doesNotContain("token"))
                .verify(GUARD);
        StepVerifier.create(Command.shell("exit 1")
                        .secretArgs("token")
                        .engine(engine)
                        .exec())
                .expectErrorSatisfies(
                        error -> assertThat(error).hasMessageContaining("***").hasMessageNotContaining("token"))
                .verify(GUARD);
    }
}
