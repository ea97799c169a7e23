// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEventLoop;
import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class SpawnFailureTest {

    @TempDir
    Path directory;

    private static void fails(Command command, SpawnException.Reason reason, String message) {
        StepVerifier.create(command.exec())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(SpawnException.class).hasMessageContaining(message);
                    assertThat(((SpawnException) error).reason()).isEqualTo(reason);
                    assertThat(((SpawnException) error).command()).isSameAs(command);
                })
                .verify(GUARD);
    }

    @EngineTest
    @DisplayName("O-56: a program that is missing is an error that names it, and no child")
    void aMissingProgramIsToldByItsName(Engine engine) {
        fails(
                Command.of("no-such-program-here").engine(engine),
                SpawnException.Reason.PROGRAM_MISSING,
                "program not found: no-such-program-here (looked for on the PATH");
        fails(
                Command.of("./no-such-program").directory(directory).engine(engine),
                SpawnException.Reason.PROGRAM_MISSING,
                "program not found: ./no-such-program (looked for from " + directory + ")");
    }

    /** Root may search every directory, so nobody can be shown one here. */
    @Test
    void aProgramThatIsNowhereIsMissingAlthoughTheSystemSpeaksOfADirectoryThatMayNotBeSearched() {
        SpawnException told = SpawnFailures.explain(
                Command.of("no-such-program-here"), new IOException("error=13, Permission denied"));

        assertThat(told.reason()).isEqualTo(SpawnException.Reason.PROGRAM_MISSING);
    }

    @EngineTest
    void aFileThatMayNotBeExecutedIsTold(Engine engine) throws IOException {
        Path text = Files.writeString(directory.resolve("text-" + engine), "hello");

        fails(
                Command.of(text.toString()).engine(engine),
                SpawnException.Reason.NOT_EXECUTABLE,
                "may not be executed: " + text);
        fails(
                Command.of(directory.toString()).engine(engine),
                SpawnException.Reason.NOT_EXECUTABLE,
                "may not be executed: " + directory);
    }

    @EngineTest
    void aScriptThatDoesNotSayWhatRunsItIsRunByTheShell(Engine engine) throws IOException {
        Path script = Files.writeString(directory.resolve("script-" + engine), "echo \"got $1\"; exit 3\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();

        StepVerifier.create(Command.of("./script-" + engine, "a b")
                        .directory(directory)
                        .exitCodes(3)
                        .engine(engine)
                        .lines())
                .expectNext("got a b")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aScriptWhoseInterpreterIsMissingIsToldApartFromAMissingProgram(Engine engine) throws IOException {
        Path script = Files.writeString(directory.resolve("orphan-" + engine), "#!/no/such/interpreter\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();

        fails(
                Command.of(script.toString()).engine(engine),
                SpawnException.Reason.PROGRAM_MISSING,
                "the interpreter that the first line of " + script + " names was not found");
    }

    @EngineTest
    void aMissingDirectoryIsToldApartFromAMissingProgram(Engine engine) {
        fails(
                Command.of("true").directory(directory.resolve("nowhere")).engine(engine),
                SpawnException.Reason.DIRECTORY_MISSING,
                directory.resolve("nowhere").toString());
    }

    @EngineTest
    void aFileThatCannotBeOpenedIsTold(Engine engine) {
        fails(
                Command.of("cat")
                        .stdin(Input.file(directory.resolve("nothing")))
                        .engine(engine),
                SpawnException.Reason.REDIRECT_FAILED,
                "nothing");
    }

    @Test
    void anEngineThatCannotBeHadIsAnError() {
        Engine absent = new Engine() {
            @Override
            public boolean canUse(IoEventLoop loop) {
                return true;
            }

            @Override
            public IoEventLoop loop(@Nullable EventLoop home) {
                throw new NoClassDefFoundError("no engine");
            }

            @Override
            public List<Launched> launch(List<Command> stages, IoEventLoop loop) {
                throw new AssertionError("there is no loop to launch on");
            }
        };

        StepVerifier.create(Command.of("true").engine(absent).exec())
                .expectErrorMessage("no engine")
                .verify(GUARD);
    }

    @EngineTest
    void failedLaunchesLeaveNoDescriptorOpen(Engine engine) {
        Command missing =
                Command.of("no-such-program-here").stdin(Input.of(Flux.never())).engine(engine);
        StepVerifier.create(missing.exec()).expectError(SpawnException.class).verify(GUARD);
        long before = Await.descriptors();

        StepVerifier.create(Flux.range(0, 1000)
                        .flatMap(
                                i -> missing.directory(i % 2 == 0 ? directory : directory.resolve("nowhere"))
                                        .exec()
                                        .onErrorComplete(SpawnException.class),
                                8))
                .expectComplete()
                .verify(GUARD);

        Await.until("descriptors are closed", () -> Await.descriptors() <= before);
    }
}
