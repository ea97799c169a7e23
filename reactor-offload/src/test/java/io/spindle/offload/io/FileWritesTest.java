// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.util.context.Context;

@ExtendWith(LeakCheck.class)
class FileWritesTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final BlockingPool pool = BlockingPoolSpec.of("writes").threads(2).start();

    @TempDir
    private Path directory;

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Flux<byte[]> chunks(String... texts) {
        return Flux.fromArray(texts).map(FileWritesTest::bytes);
    }

    private static void run(Mono<Void> mono) {
        StepVerifier.create(mono).expectComplete().verify(LONG);
    }

    private static void failsWith(String code, Mono<?> mono) {
        StepVerifier.create(mono)
                .expectErrorSatisfies(
                        error -> assertThat(((FileException) error).code()).isEqualTo(code))
                .verify(LONG);
    }

    private Path file(String content) throws IOException {
        return java.nio.file.Files.writeString(directory.resolve("file"), content);
    }

    private <T> Mono<T> onPool(Mono<T> mono) {
        return mono.contextWrite(Context.of(BlockingPool.class, pool));
    }

    private List<Path> entries() throws IOException {
        try (var entries = java.nio.file.Files.list(directory)) {
            return entries.toList();
        }
    }

    @Test
    void hf08WhatAStreamWritesIsTheConcatenation() throws IOException {
        Path file = file("something longer than what comes");

        run(Files.writeFile(file, chunks("one ", "", "two")));
        assertThat(file).hasContent("one two");
        run(Files.appendFile(file, chunks(" three", " four")));
        assertThat(file).hasContent("one two three four");
        run(Files.writeFileAtomically(file, chunks("all ", "new")));
        assertThat(file).hasContent("all new");
        run(Files.writeFile(file, Flux.empty()));
        assertThat(file).isEmptyFile();
        run(Files.appendFile(directory.resolve("new"), Flux.empty()));
        assertThat(directory.resolve("new")).isEmptyFile();
        run(Files.writeFileAtomically(directory.resolve("newer"), Flux.empty()));
        assertThat(directory.resolve("newer")).isEmptyFile();
        assertThat(entries()).hasSize(3);
    }

    @Test
    void anAtomicWriteKeepsThePermissionsAndReplacesWhatALinkLeadsTo() throws IOException {
        Path file = file("old");
        java.nio.file.Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw--w--w-"));
        Path link = java.nio.file.Files.createSymbolicLink(directory.resolve("link"), file.getFileName());

        run(Files.writeFileAtomically(link, "new".getBytes(StandardCharsets.UTF_8)));

        assertThat(file).hasContent("new");
        assertThat(link).isSymbolicLink();
        assertThat(PosixFilePermissions.toString(java.nio.file.Files.getPosixFilePermissions(file)))
                .isEqualTo("rw--w--w-"); // no usual umask leaves that
        run(Files.writeFileAtomically(file, chunks("newer")));
        assertThat(file).hasContent("newer");
        java.nio.file.Files.createSymbolicLink(directory.resolve("other"), link.getFileName());
        java.nio.file.Files.createSymbolicLink(directory.resolve("itself"), Path.of("itself"));
        run(Files.writeFileAtomically(directory.resolve("other"), chunks("through two")));
        assertThat(file).hasContent("through two");
        failsWith("ELOOP", Files.writeFileAtomically(directory.resolve("itself"), chunks("x")));
        assertThat(PosixFilePermissions.toString(java.nio.file.Files.getPosixFilePermissions(file)))
                .isEqualTo("rw--w--w-");
        assertThat(entries()).hasSize(4);
    }

    @Test
    void theRandomNameBesideIsChosenOnThePool() {
        Path file = directory.resolve("file");
        CompletableFuture<String> chosenOn = new CompletableFuture<>();
        Path watched = (Path) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Path.class}, (path, method, arguments) -> {
                    if (method.getName().equals("getFileName")) {
                        chosenOn.complete(Thread.currentThread().getName());
                    }
                    return method.getName().equals("toAbsolutePath") ? path : method.invoke(file, arguments);
                });

        StepVerifier.create(onPool(Files.writeFileAtomically(watched, chunks("x"))))
                .expectError() // no file system renames over such a path
                .verify(LONG);

        assertThat(chosenOn).isCompleted();
        assertThat(chosenOn.join()).startsWith("writes");
    }

    @Test
    void aBigFileIsCopiedAndCompressedOnTheWay() throws IOException {
        byte[] content = new byte[3_000_001];
        new java.util.Random(5).nextBytes(content);
        Path source = java.nio.file.Files.write(directory.resolve("source"), content);
        Path zipped = directory.resolve("zipped");
        Path target = directory.resolve("target");

        run(Files.writeFile(
                zipped, Files.readChunks(source).transform(Zlib.gzip().compress())));
        run(Files.writeFileAtomically(
                target, Files.readChunks(zipped).transform(Zlib.gzip().decompress())));

        assertThat(target).hasBinaryContent(content);
    }

    @Test
    void oneChunkIsRequestedAtATime() throws IOException {
        Path file = file("");
        List<Long> requests = new CopyOnWriteArrayList<>();

        run(Files.writeFile(file, chunks("1", "2", "3", "4").doOnRequest(requests::add)));

        assertThat(requests).hasSizeBetween(4, 5).containsOnly(1L);
    }

    @Test
    void anErrorOfTheSourceLeavesTheOldContentAndNothingElse() throws IOException {
        Path file = file("old");
        Flux<byte[]> broken = chunks("new").concatWith(Flux.error(new IllegalStateException("source")));

        StepVerifier.create(Files.writeFileAtomically(file, broken))
                .expectErrorMessage("source")
                .verify(LONG);
        assertThat(entries()).containsExactly(file);
        assertThat(file).hasContent("old");

        StepVerifier.create(Files.writeFile(file, broken))
                .expectErrorMessage("source")
                .verify(LONG);
        assertThat(file).hasContent("new"); // what was written stays
    }

    @Test
    void cancelBetweenTwoChunksDeletesWhatWasBegun() throws IOException {
        Path file = file("old");
        TestPublisher<byte[]> source = TestPublisher.create();

        var writing = onPool(Files.writeFileAtomically(file, source.flux())).subscribe();
        source.next(bytes("new"));
        writing.dispose();
        pool.disposeGracefully().block(LONG);

        source.assertCancelled();
        assertThat(entries()).containsExactly(file);
        assertThat(file).hasContent("old");
    }

    @Test
    void cancelWhereverItHitsLeavesNoFileBehind() throws IOException {
        Path file = file("old");
        byte[] chunk = new byte[50_000];

        for (int i = 0; i < 60; i++) {
            var writing = onPool(
                            Files.writeFileAtomically(file, Flux.range(0, 100).map(n -> chunk)))
                    .subscribe();
            for (int spin = 0; spin < i * 300; spin++) {
                Thread.onSpinWait();
            }
            writing.dispose();
        }
        pool.disposeGracefully().block(LONG);

        assertThat(entries()).containsExactly(file);
    }

    @Test
    void errorsNameThePath() {
        Path missing = directory.resolve("no").resolve("file");

        failsWith("ENOENT", Files.writeFile(missing, chunks("x")));
        failsWith("ENOENT", Files.appendFile(missing, Flux.empty()));
        failsWith("ENOENT", Files.writeFileAtomically(missing, chunks("x")));
        failsWith("EISDIR", Files.writeFile(directory, chunks("x")));
        failsWith("ENOENT", Files.truncate(missing, 0));
        failsWith("ENOENT", Files.createTemp(missing, "", ""));
    }

    @Test
    void truncateCutsAndExtends() throws IOException {
        Path file = file("content");

        run(Files.truncate(file, 4));
        assertThat(file).hasContent("cont");
        run(Files.truncate(file, 6));
        assertThat(file).hasBinaryContent(bytes("cont\0\0"));
        run(Files.truncate(file, 6));
        assertThat(file).hasSize(6);
        run(Files.truncate(file, 0));
        assertThat(file).isEmptyFile();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Files.truncate(file, -1))
                .withMessage("length must not be negative, was -1");
    }

    @Test
    void temporaryFilesAreNewAndPrivate() throws IOException {
        Path one = Files.createTemp(directory, "a-", ".txt").blockOptional(LONG).orElseThrow();
        Path two = Files.createTemp(directory, "a-", ".txt").blockOptional(LONG).orElseThrow();

        assertThat(one).isEmptyFile().isNotEqualTo(two).hasParent(directory);
        assertThat(one.getFileName().toString()).startsWith("a-").endsWith(".txt");
        assertThat(PosixFilePermissions.toString(java.nio.file.Files.getPosixFilePermissions(one)))
                .isEqualTo("rw-------");
    }

    @Test
    void itEndsOnTheLoop() throws IOException {
        Path file = file("");
        List<Boolean> log = new ArrayList<>();

        EventLoop.run(loop -> Files.writeFile(file, chunks("a", "b"))
                .doFinally(signal -> log.add(loop.inLoop()))
                .subscribe());

        assertThat(log).containsExactly(true);
        assertThat(file).hasContent("ab");
    }
}
