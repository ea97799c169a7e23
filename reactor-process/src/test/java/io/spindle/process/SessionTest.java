// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;

/** A detached child leads a session, on every engine. The program {@code setsid} must be installed where these tests run. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class SessionTest {

    private static final Command IDS =
            Command.shell("set -- $(cat /proc/$$/stat); echo $(($1 == $$)) $(($5 == $$)) $(($6 == $$))");

    @EngineTest
    void aDetachedChildLeadsASessionOfItsOwn(Engine engine) {
        StepVerifier.create(IDS.detached(true).engine(engine).lines())
                .expectNext("1 1 1")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void itsPidIsThatOfTheProgram(Engine engine) {
        ChildProcess child = Objects.requireNonNull(Command.shell("echo $$; read x")
                .stdin(Input.pipe())
                .detached(true)
                .engine(engine)
                .spawn()
                .block(GUARD));

        StepVerifier.create(child.stdout().map(ChildProcessTest::text).next())
                .expectNext(child.pid() + "\n")
                .expectComplete()
                .verify(GUARD);
        child.dispose();
        Await.gone(child.pid());
    }

    @EngineTest
    void whatCannotBeStartedIsToldAsEver(Engine engine, @TempDir Path directory) throws IOException {
        Path text = Files.writeString(directory.resolve("text"), "hello");
        Files.setPosixFilePermissions(text, PosixFilePermissions.fromString("rw-r--r--"));

        refused(Command.of("no-such-program-at-all").engine(engine), SpawnException.Reason.PROGRAM_MISSING);
        refused(Command.of("./no-such-program").engine(engine), SpawnException.Reason.PROGRAM_MISSING);
        refused(Command.of(text.toString()).engine(engine), SpawnException.Reason.NOT_EXECUTABLE);
        refused(
                Command.of("true").directory(directory.resolve("none")).engine(engine),
                SpawnException.Reason.DIRECTORY_MISSING);
    }

    private static void refused(Command command, SpawnException.Reason reason) {
        StepVerifier.create(command.detached(true).spawn())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                SpawnException.class,
                                spawn -> assertThat(spawn.reason()).isEqualTo(reason)))
                .verify(GUARD);
    }

    /** The path on which a program is looked for is ours, and not the one that it is given. */
    @EngineTest
    void theProgramIsFoundWhateverItsOwnPath(Engine engine) {
        Command quiet = Command.of("sh", "-c", "echo $0 $PATH", "started")
                .detached(true)
                .engine(engine);

        StepVerifier.create(quiet.env("PATH", "/nowhere").lines())
                .expectNext("started /nowhere")
                .expectComplete()
                .verify(GUARD);
        StepVerifier.create(quiet.clearEnv(true).env("PATH", "").lines())
                .expectNext("started")
                .expectComplete()
                .verify(GUARD);
    }

    @EngineTest
    void aProgramIsFoundFromItsDirectory(Engine engine, @TempDir Path directory) throws IOException {
        Path script = Files.writeString(directory.resolve("script"), "#!/bin/sh\necho here $1\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));

        StepVerifier.create(Command.of("./script", "1")
                        .directory(directory)
                        .detached(true)
                        .engine(engine)
                        .lines())
                .expectNext("here 1")
                .expectComplete()
                .verify(GUARD);
    }
}
