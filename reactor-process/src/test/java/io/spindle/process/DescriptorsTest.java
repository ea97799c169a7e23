// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.testkit.LeakCheck;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

/** {@code argv0} and descriptors above those of the standard streams: the native engine has them, the others say so. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class DescriptorsTest {

    private static void itIsNative(Engine engine) {
        assumeTrue(engine.equals(Engines.nativeEngine()), "the JDK has neither");
    }

    private static void writes(Command command, String... lines) {
        StepVerifier.create(command.lines()).expectNext(lines).expectComplete().verify(GUARD);
    }

    /** Returns the end of a pipe from which a line can be read. */
    private static FileDescriptor line(String text) throws IOException {
        FileDescriptor[] pipe = FileDescriptor.pipe();
        ByteBuffer line = ByteBuffer.allocateDirect(text.length() + 1);
        line.put((text + "\n").getBytes(StandardCharsets.US_ASCII)).flip();
        pipe[1].write(line, 0, line.limit());
        pipe[1].close();
        return pipe[0];
    }

    @EngineTest
    void aProgramSeesTheNameThatItIsGiven(Engine engine) {
        itIsNative(engine);

        writes(
                Command.of("sh", "-c", "cut -c1-5 /proc/$$/cmdline")
                        .argv0("other")
                        .engine(engine),
                "other");
    }

    @EngineTest
    void aScriptWithoutAnInterpreterIsRunAllTheSame(Engine engine, @TempDir Path directory) throws IOException {
        itIsNative(engine);
        Path script = Files.writeString(directory.resolve("script"), "echo here $1\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));

        writes(Command.of(script.toString(), "1").argv0("other").engine(engine), "here 1");
    }

    @EngineTest
    void aProgramGetsDescriptorsUnderItsOwnNumbersAndNoOthers(Engine engine) throws IOException {
        itIsNative(engine);
        FileDescriptor one = line("one");
        FileDescriptor two = line("two");
        Command reader = Command.shell("read a <&3; read b <&9; echo $a $b; exec ls /proc/self/fd")
                .descriptor(9, two)
                .descriptor(3, one)
                .engine(engine);

        writes(reader, "one two", "0", "1", "2", "3", "4", "9"); // by 4 it reads the directory
        assertThat(one.isOpen() && two.isOpen()).as("they stay open here").isTrue();
        one.close();
        two.close();
    }

    @EngineTest
    void numbersThatAreTakenByOursAreNoHindrance(Engine engine) throws IOException {
        itIsNative(engine);
        List<FileDescriptor> ours = new ArrayList<>();
        StringBuilder script = new StringBuilder();
        Command command = Command.of("sh").engine(engine);
        for (int i = 0; i < 60; i++) {
            ours.add(line("n" + i));
        }
        for (int i = 0; i < 60; i++) { // each under the number that another one has here, where that is possible
            int number = ours.get((i + 1) % 60).intValue();
            if (number <= Command.MAX_DESCRIPTOR) {
                command = command.descriptor(number, ours.get(i));
                script.append("test \"$(cat /proc/$$/fd/" + number + ")\" = n" + i + " || echo " + i + " is wrong\n");
            }
        }
        assertThat(script).isNotEmpty();

        writes(command.args("-c", script + "echo done"), "done");
        for (FileDescriptor each : ours) {
            each.close();
        }
    }

    @EngineTest
    void aPipeUnderAnotherNumberCarriesWhatTheProgramTells(Engine engine) throws IOException {
        itIsNative(engine);
        FileDescriptor[] pipe = FileDescriptor.pipe();

        writes(Command.shell("echo state >&3; echo out").descriptor(3, pipe[1]).engine(engine), "out");
        pipe[1].close();

        assertThat(Files.readString(new File("/proc/self/fd/" + pipe[0].intValue()).toPath()))
                .isEqualTo("state\n");
        pipe[0].close();
    }

    @EngineTest
    void aClosedDescriptorIsToldAndNothingIsLeftOpen(Engine engine) throws IOException {
        itIsNative(engine);
        FileDescriptor file = line("closed");
        Command command = Command.of("true").descriptor(3, file).engine(engine);
        file.close();
        command.spawn().onErrorComplete().block(GUARD);
        long before = Await.descriptors();

        StepVerifier.create(command.spawn())
                .expectErrorSatisfies(error ->
                        assertThat(error).isInstanceOf(SpawnException.class).hasMessageContaining("has been closed"))
                .verify(GUARD);

        Await.until("nothing is left open", () -> Await.descriptors() <= before);
    }

    @EngineTest
    void otherEnginesSayThatTheyCannot(Engine engine) throws IOException {
        assumeTrue(!engine.equals(Engines.nativeEngine()), "it can");
        Command.of("true").engine(engine).exec().block(GUARD); // the loop of the pipes opens its own
        FileDescriptor[] pipe = FileDescriptor.pipe();
        long before = Await.descriptors();

        for (Command command :
                List.of(Command.of("true").argv0("other"), Command.of("true").descriptor(3, pipe[0]))) {
            StepVerifier.create(command.engine(engine).exec())
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(UnsupportedOperationException.class)
                            .hasMessageContaining("native engine"))
                    .verify(GUARD);
        }

        Await.until("nothing is left open", () -> Await.descriptors() <= before);
        pipe[0].close();
        pipe[1].close();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 2, 256})
    void aNumberThatIsNotForThemIsRefused(int number) {
        assertThatThrownBy(() -> Command.of("true").descriptor(number, new FileDescriptor(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("number must be from 3 to 255, was " + number);
    }

    @Test
    void aNameWithANulIsRefused() {
        assertThatThrownBy(() -> Command.of("true").argv0("a\0b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("argv0 must not contain a NUL");
    }
}
