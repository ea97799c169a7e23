// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.testkit.LeakCheck;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.test.StepVerifier;

/** What one output has for itself, beside what a command says for both. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class OutputOptionsTest {

    private static final Charset LATIN_1 = StandardCharsets.ISO_8859_1;

    /** Writes the same letter to both, in UTF-8 to stdout and in ISO 8859-1 to stderr. */
    private static final Command BOTH = Command.shell("printf '\\303\\274\\n'; printf '\\374\\n' >&2");

    private static ExecResult result(Command command) {
        return Objects.requireNonNull(command.exec().block(GUARD));
    }

    @EngineTest
    void eachOutputMayHaveItsOwnCharset(Engine engine) {
        Command both = BOTH.engine(engine);

        for (Command command : List.of(
                both.stderr(Output.pipe().charset(LATIN_1)),
                both.charset(LATIN_1).stdout(Output.pipe().charset(StandardCharsets.UTF_8)),
                both.stdout(Output.pipe().charset(StandardCharsets.UTF_8)).charset(LATIN_1))) {
            ExecResult result = result(command);

            assertThat(result.stdout()).isEqualTo("ü\n");
            assertThat(result.stderr()).isEqualTo("ü\n");
        }
    }

    @EngineTest
    void linesAndTheTextOfAnErrorFollowIt(Engine engine) {
        Command command = BOTH.stderr(Output.pipe().charset(LATIN_1)).engine(engine);

        StepVerifier.create(command.exitCodes(1).lines())
                .expectNext("ü")
                .expectErrorSatisfies(
                        error -> assertThat(((ExecException) error).stderr()).isEqualTo("ü\n"))
                .verify(GUARD);
        StepVerifier.create(command.events().ofType(ProcessEvent.Err.class))
                .expectNext(new ProcessEvent.Err("ü"))
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(command.stdout(Output.pipe().charset(StandardCharsets.UTF_8))
                        .charset(LATIN_1)
                        .pipe(Command.of("cat").engine(engine))
                        .lines())
                .expectNext("ü")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void eachOutputMayHaveItsOwnMaxBuffer(Engine engine) {
        Command command = Command.shell("seq 1 2000; seq 1 2000 >&2").engine(engine);
        String all = result(command).stdout();

        ExecResult cut = result(command.stderr(Output.pipe().maxBuffer(4, LongOutput.CUT)));
        assertThat(cut.stdout()).isEqualTo(all).endsWith("2000\n");
        assertThat(cut.stderr()).isEqualTo("1\n2\n");

        ExecResult more =
                result(command.maxBuffer(4, LongOutput.CUT).stdout(Output.pipe().maxBuffer(1 << 20)));
        assertThat(more.stdout()).isEqualTo(all);
        assertThat(more.stderr()).isEqualTo("1\n2\n");
    }

    @EngineTest
    void theErrorTellsWhichOutputWasTooLong(Engine engine) {
        Command command =
                Command.shell("yes >&2").engine(engine).stderr(Output.pipe().maxBuffer(100));

        StepVerifier.create(command.exec())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(ExecException.class, failed -> {
                            assertThat(failed.reason()).isEqualTo(ExecException.Reason.MAX_BUFFER);
                            assertThat(failed.stderr()).hasSize(100);
                        })
                        .hasMessageContaining("more to stderr than maxBuffer, 100 bytes"))
                .verify(GUARD);
    }

    @EngineTest
    void eachOutputMayHaveItsOwnLongestLine(Engine engine) {
        Command command = Command.shell("echo abcdef; echo abcdef >&2")
                .maxLine(5, LongLine.CUT)
                .engine(engine);

        StepVerifier.create(command.stdout(Output.pipe().maxLine(6, LongLine.FAIL))
                        .events()
                        .filter(event -> event instanceof ProcessEvent.Out || event instanceof ProcessEvent.Err)
                        .collectList())
                .assertNext(events -> assertThat(events)
                        .containsExactlyInAnyOrder(new ProcessEvent.Out("abcdef"), new ProcessEvent.Err("abcde")))
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(command.stderr(Output.pipe().maxLine(5, LongLine.FAIL))
                        .events()
                        .ofType(ProcessEvent.Exited.class))
                .expectErrorSatisfies(error ->
                        assertThat(error).hasMessageContaining("a line to stderr that is longer than maxLine, 5"))
                .verify(GUARD);
    }

    @Test
    void fakeProgramsWriteInTheCharsetOfEachOutput() {
        FakePrograms programs = FakePrograms.create()
                .on("both", FakeProgram.create().stdout("ü").stderr("ü"));
        Command both = programs.command("both").stderr(Output.pipe().charset(StandardCharsets.UTF_16BE));

        StepVerifier.create(both.exec())
                .assertNext(result -> {
                    assertThat(result.stdout()).isEqualTo("ü");
                    assertThat(result.stderr()).isEqualTo("ü");
                })
                .expectComplete()
                .verify(GUARD);
    }

    @Test
    void whatMakesNoSenseIsRefusedAtTheCall() {
        Output pipe = Output.pipe();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> pipe.maxBuffer(0))
                .withMessageContaining("maxBuffer must be positive, was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pipe.maxLine(-1, LongLine.CUT))
                .withMessageContaining("maxLine must be positive, was -1");
        for (Output other : List.of(Output.merged(), Output.inherit(), Output.discard())) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> other.charset(LATIN_1))
                    .withMessageContaining("charset is for Output.pipe()")
                    .withMessageContaining(other.toString());
        }
        assertThat(Output.merged()).hasToString("Output[merged]");
        assertThat(pipe.charset(LATIN_1)).hasToString("Output[pipe]");
    }
}
