// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class FilesTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16_383, 16_384, 16_385, 262_143, 262_144, 262_145, 3_000_000})
    @DisplayName("HF-04, HF-05: what was written is read, byte for byte, the empty file too")
    void whatWasWrittenIsRead(int size) {
        byte[] data = new byte[size];
        new Random(size).nextBytes(data);
        Path file = directory.resolve("data");

        StepVerifier.create(Files.writeFile(file, data).then(Files.readFile(file)))
                .assertNext(read -> assertThat(read).isEqualTo(data))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void writeReplacesWhatIsThere() {
        Path file = directory.resolve("text");

        StepVerifier.create(Files.writeString(file, "a long text", StandardCharsets.UTF_8)
                        .then(Files.writeString(file, "größer", StandardCharsets.ISO_8859_1))
                        .then(Mono.zip(
                                Files.readString(file, StandardCharsets.ISO_8859_1),
                                Files.readString(file),
                                Files.readFile(file))))
                .assertNext(read -> {
                    assertThat(read.getT1()).isEqualTo("größer");
                    assertThat(read.getT2()).isEqualTo("gr\uFFFD\uFFFDer");
                    assertThat(read.getT3()).hasSize(6);
                })
                .expectComplete()
                .verify(LONG);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void filesOfUnknownSizeAreReadToTheirEnd() throws IOException {
        String expected = java.nio.file.Files.readString(Path.of("/proc/cpuinfo"));
        assertThat(java.nio.file.Files.size(Path.of("/proc/cpuinfo"))).isZero();

        StepVerifier.create(Files.readString(Path.of("/proc/cpuinfo")))
                .assertNext(read -> assertThat(read.lines().filter(line -> line.startsWith("processor")))
                        .containsExactlyElementsOf(expected.lines()
                                .filter(line -> line.startsWith("processor"))
                                .toList()))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aLongFileOfUnknownSizeIsReadToItsEnd() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        byte[] data = new byte[100_000];
        new Random(1).nextBytes(data);

        StepVerifier.create(Files.readFile(pipe)
                        .zipWith(Files.appendFile(pipe, data).thenReturn(true)))
                .assertNext(read -> assertThat(read.getT1()).isEqualTo(data))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void aMissingFileSaysItsPathAndItsCode() {
        Path missing = directory.resolve("missing");

        StepVerifier.create(Files.readFile(missing))
                .expectErrorSatisfies(error -> {
                    FileException failure = (FileException) error;
                    assertThat(failure.code()).isEqualTo("ENOENT");
                    assertThat(failure.path()).isEqualTo(missing);
                    assertThat(failure.operation()).isEqualTo("read");
                    assertThat(failure)
                            .hasMessage("ENOENT: no such file or directory, read '" + missing + "'")
                            .hasCauseInstanceOf(NoSuchFileException.class);
                })
                .verify(LONG);
    }

    @Test
    void directoriesAreNeitherReadNorWritten() {
        StepVerifier.create(Files.readFile(directory))
                .expectErrorSatisfies(
                        error -> assertThat(((FileException) error).code()).isEqualTo("EISDIR"))
                .verify(LONG);
        StepVerifier.create(Files.writeFile(directory, new byte[1]))
                .expectErrorSatisfies(error -> {
                    assertThat(((FileException) error).code()).isEqualTo("EISDIR");
                    assertThat(((FileException) error).operation()).isEqualTo("write");
                })
                .verify(LONG);
        StepVerifier.create(Files.writeFile(directory.resolve("no/such"), new byte[1]))
                .expectErrorSatisfies(
                        error -> assertThat(((FileException) error).code()).isEqualTo("ENOENT"))
                .verify(LONG);
    }

    @Test
    void nothingHappensBeforeSubscription() {
        Path file = directory.resolve("lazy");

        Mono<Void> write = Files.writeFile(file, new byte[1]);

        assertThat(file).doesNotExist();
        StepVerifier.create(write).expectComplete().verify(LONG);
        assertThat(file).hasSize(1);
    }

    @Test
    void startEndAndFileReadComeInThatOrder() throws IOException {
        Path file = directory.resolve("order");
        java.nio.file.Files.writeString(file, "content");
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> {
            log.add("Start");
            Files.readString(file).subscribe(text -> log.add("File read: " + text + " " + loop.inLoop()));
            log.add("End");
        });

        assertThat(log).containsExactly("Start", "End", "File read: content true");
    }

    @Test
    void thePoolCanBeChosen() throws IOException {
        Path file = directory.resolve("chosen");
        java.nio.file.Files.writeString(file, "x");
        BlockingPool pool = BlockingPoolSpec.of("chosen").threads(1).start();

        StepVerifier.create(Files.writeFile(file, new byte[2], pool)
                        .then(Files.writeString(file, "abc", StandardCharsets.UTF_8, pool))
                        .then(Mono.zip(
                                Files.readFile(file, pool), Files.readString(file, StandardCharsets.UTF_8, pool))))
                .assertNext(read -> assertThat(read.getT2()).isEqualTo("abc"))
                .expectComplete()
                .verify(LONG);

        assertThat(pool.metrics().completed()).isEqualTo(4);
        pool.dispose();
    }

    @Test
    @SuppressWarnings("NullAway") // the caller's mistake
    void badArgumentsAreRefusedAtOnce() {
        assertThatNullPointerException().isThrownBy(() -> Files.readFile(null)).withMessage("path");
        assertThatNullPointerException()
                .isThrownBy(() -> Files.writeFile(directory, (byte[]) null))
                .withMessage("data");
        assertThatNullPointerException()
                .isThrownBy(() -> Files.readString(directory, null))
                .withMessage("charset");
    }
}
