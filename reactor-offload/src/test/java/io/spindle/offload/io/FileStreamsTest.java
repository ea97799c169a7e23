// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

@ExtendWith(LeakCheck.class)
class FileStreamsTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final BlockingPool pool = BlockingPoolSpec.of("files").threads(2).start();

    @TempDir
    private Path directory;

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    private Path file(byte[] content) throws IOException {
        return java.nio.file.Files.write(directory.resolve("file"), content);
    }

    private static byte[] join(List<byte[]> chunks) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        chunks.forEach(all::writeBytes);
        return all.toByteArray();
    }

    @Test
    void chunksAreTheFile() throws IOException {
        byte[] content = new byte[1_000_003];
        new Random(1).nextBytes(content);
        Path file = file(content);

        StepVerifier.create(Files.readChunks(file).collectList())
                .assertNext(chunks -> {
                    assertThat(chunks).hasSize(4);
                    assertThat(join(chunks)).isEqualTo(content);
                })
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Files.readChunks(file, 10, 100_001, 1_000, pool)
                        .collectList()
                        .map(FileStreamsTest::join))
                .assertNext(range -> assertThat(range).isEqualTo(Arrays.copyOfRange(content, 10, 100_011)))
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Files.readChunks(file, 2_000_000, 5, 5, pool))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void onlyWhatIsRequestedIsReadPlusOne() throws IOException {
        Path file = file(new byte[100]);

        StepVerifier.create(Files.readChunks(file, 0, 100, 10, pool), 0)
                .expectSubscription()
                .thenRequest(2)
                .expectNextCount(2)
                .then(this::awaitIdle)
                .then(() -> assertThat(pool.metrics().completed()).isLessThanOrEqualTo(3))
                .thenCancel()
                .verify(LONG);
        awaitIdle();
        assertThat(openFiles(file)).isZero();
    }

    private void awaitIdle() {
        while (pool.metrics().running() + pool.metrics().queued() > 0) {
            Thread.onSpinWait();
        }
    }

    private static long openFiles(Path file) {
        try (var descriptors = java.nio.file.Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .filter(descriptor -> {
                        try {
                            return java.nio.file.Files.readSymbolicLink(descriptor)
                                    .equals(file.toRealPath());
                        } catch (IOException gone) {
                            return false;
                        }
                    })
                    .count();
        } catch (IOException noProc) {
            return 0;
        }
    }

    @Test
    void cancelAtAnyTimeLeavesNoFileOpen() throws IOException {
        Path file = file(new byte[100_000]);
        for (int round = 0; round < 500; round++) {
            Files.readChunks(file, 0, 100_000, 1 + round, pool)
                    .take(1 + round % 7)
                    .blockLast(LONG);
            Files.readChunks(file, 0, 100_000, 100, pool).subscribe().dispose();
        }
        awaitIdle();

        assertThat(openFiles(file)).isZero();
    }

    @Test
    void aStreamComesHomeToItsLoop() throws IOException {
        Path file = file(new byte[100]);
        List<Boolean> home = new ArrayList<>();

        EventLoop.run(loop -> Files.readChunks(file, 0, 100, 10, pool)
                .subscribe(chunk -> home.add(loop.inLoop()), error -> {}, () -> home.add(loop.inLoop())));

        assertThat(home).hasSize(11).containsOnly(true);
    }

    @Test
    void whatIsMissingIsNamed() {
        StepVerifier.create(Files.readChunks(directory.resolve("nothing")))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(FileException.class)
                        .hasMessageStartingWith("ENOENT: no such file or directory, read"))
                .verify(LONG);
        StepVerifier.create(Directories.list(directory.resolve("nothing")))
                .expectErrorSatisfies(
                        error -> assertThat(((FileException) error).code()).isEqualTo("ENOENT"))
                .verify(LONG);
        assertThatThrownBy(() -> Files.readChunks(directory, -1, 1, 1, pool))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16", "UTF-32", "ISO-8859-1", "GB18030"})
    void linesAreWholeWhereverTheChunksEnd(String name) {
        Charset charset = Charset.forName(name);
        String text = "ISO-8859-1".equals(name) ? "é\r\n\r\nb\rc\n\n" : "é\r\n\r\n𝄞日本\rc\n\nlast";
        List<String> expected = text.lines().toList();
        byte[] bytes = text.getBytes(charset);

        for (int size = 1; size <= bytes.length; size++) {
            int chunk = size;
            Flux<byte[]> chunks = Flux.range(0, (bytes.length + chunk - 1) / chunk)
                    .map(i -> Arrays.copyOfRange(bytes, i * chunk, Math.min(bytes.length, (i + 1) * chunk)));
            StepVerifier.create(Files.lines(chunks, charset, 100).collectList())
                    .expectNext(expected)
                    .expectComplete()
                    .verify(LONG);
        }
    }

    @Test
    void linesOfAFile() throws IOException {
        String text = String.join(
                "\n", IntStream.range(0, 100_000).mapToObj(i -> "line " + i).toList());
        Path file = file(text.getBytes(StandardCharsets.UTF_8));

        StepVerifier.create(Files.lines(file).collectList())
                .assertNext(lines -> assertThat(lines).hasSize(100_000).endsWith("line 99999"))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void appendedBytesComeAfterThoseThatAreThere() throws IOException {
        Path file = directory.resolve("log");

        Files.appendFile(file, new byte[] {1})
                .then(Files.appendFile(file, new byte[] {2, 3}))
                .block(LONG);

        assertThat(file).hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void anAtomicWriteReplacesAndLeavesNothingBeside() throws IOException {
        Path file = file(new byte[] {1});

        Files.writeFileAtomically(file, new byte[] {2, 3}).block(LONG);

        assertThat(file).hasBinaryContent(new byte[] {2, 3});
        Path blocked = directory.resolve("blocked");
        java.nio.file.Files.createDirectories(blocked.resolve("full"));
        StepVerifier.create(Files.writeFileAtomically(blocked, new byte[] {4}))
                .expectError(FileException.class)
                .verify(LONG);
        assertThat(directory).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void aTreeIsMadeWalkedAndTakenApart() {
        Path deep = directory.resolve("a/b");
        Path file = deep.resolve("file");
        Mono<Void> made = Directories.createAll(deep)
                .then(Files.writeFile(file, new byte[300]))
                .then(Paths.copy(file, deep.resolve("copy")))
                .then(Paths.move(file, deep.resolve("moved")));
        made.block(LONG);

        StepVerifier.create(Directories.walk(directory, 5)
                        .map(directory::relativize)
                        .map(Path::toString)
                        .sort())
                .expectNext("", "a", "a/b", "a/b/copy", "a/b/moved")
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Paths.stat(deep.resolve("moved")).map(BasicFileAttributes::size))
                .expectNext(300L)
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Directories.list(deep).concatMap(Paths::delete).then(Paths.delete(deep)))
                .expectComplete()
                .verify(LONG);
        assertThat(deep).doesNotExist();
    }

    @Test
    void aBigDirectoryIsListedInBatches() throws IOException {
        for (int i = 0; i < 1_000; i++) {
            java.nio.file.Files.createFile(directory.resolve("file-" + i));
        }

        StepVerifier.create(Directories.list(directory).distinct().count())
                .expectNext(1_000L)
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Directories.list(directory), 3)
                .expectNextCount(3)
                .thenCancel()
                .verify(LONG);
    }

    @Test
    void temporaryDirectoriesAreNew() {
        Mono<Path> made = Directories.createTemp(directory, "work-");

        Path first = made.blockOptional(LONG).orElseThrow();
        Path second = made.blockOptional(LONG).orElseThrow();

        assertThat(first).isDirectory().isNotEqualTo(second);
        assertThat(first.getFileName().toString()).startsWith("work-");
    }

    @Test
    void theHashOfAStreamIsThatOfTheFile() throws Exception {
        byte[] content = "hello".repeat(200_000).getBytes(StandardCharsets.US_ASCII);
        Path file = file(content);
        String expected =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));

        StepVerifier.create(Crypto.hash(Files.readChunks(file), "SHA-256")
                        .contextWrite(Context.of(BlockingPool.class, pool))
                        .map(HexFormat.of()::formatHex))
                .expectNext(expected)
                .expectComplete()
                .verify(LONG);
        Mono<byte[]> empty = Crypto.hash(Flux.just(new byte[0]), "SHA-256");
        long before = pool.metrics().completed();
        empty.contextWrite(Context.of(BlockingPool.class, pool)).block(LONG);
        assertThat(pool.metrics().completed()).isEqualTo(before + 1);
        assertThatThrownBy(() -> Crypto.hash(Flux.empty(), "SHA-0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("SHA-0");
    }

    @Test
    void randomBytesAreAsManyAsAskedForAndNotTheSame() {
        byte[] first = Crypto.randomBytes(32).blockOptional(LONG).orElseThrow();
        byte[] second = Crypto.randomBytes(32).blockOptional(LONG).orElseThrow();

        assertThat(first).hasSize(32).isNotEqualTo(second);
        assertThatThrownBy(() -> Crypto.randomBytes(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
