// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessMode;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

@ExtendWith(LeakCheck.class)
class PathsAndDirectoriesTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private static <T> T get(Mono<T> mono) {
        return mono.blockOptional(LONG).orElseThrow();
    }

    private static void run(Mono<?> mono) {
        mono.then().block(LONG);
    }

    private static void failsWith(String code, Mono<?> mono) {
        StepVerifier.create(mono)
                .expectErrorSatisfies(
                        error -> assertThat(((FileException) error).code()).isEqualTo(code))
                .verify(LONG);
    }

    private Path file(String name, String text) {
        Path file = directory.resolve(name);
        run(Directories.createAll(directory.resolve(name).resolve("..").normalize()));
        run(Files.writeString(file, text, StandardCharsets.UTF_8));
        return file;
    }

    @Test
    void attributesRightsAndTimesAreReadAndSet() {
        Path file = file("file", "text");
        Instant when = Instant.parse("2020-01-02T03:04:05Z");

        run(Paths.chmod(file, PosixFilePermissions.fromString("r-x------")));
        run(Paths.utimes(file, when, when.plusSeconds(1)));

        BasicFileAttributes attributes = get(Paths.stat(file));
        assertThat(attributes.size()).isEqualTo(4);
        assertThat(attributes.lastAccessTime().toInstant()).isEqualTo(when);
        assertThat(attributes.lastModifiedTime().toInstant()).isEqualTo(when.plusSeconds(1));
        assertThat(file).isExecutable();
        run(Paths.access(file, AccessMode.READ, AccessMode.EXECUTE));
        assertThat(get(Paths.exists(file))).isTrue();
        assertThat(get(Paths.exists(directory.resolve("nothing")))).isFalse();
        failsWith("ENOENT", Paths.access(directory.resolve("nothing")));
        failsWith("ENOENT", Paths.stat(directory.resolve("nothing")));
        failsWith("EINVAL", Paths.chown(file, "no such user here", "root"));
        assertThat(get(Paths.space(file)).totalBytes()).isPositive();
    }

    @Test
    void linksAreMadeAndRead() {
        Path file = file("file", "text");
        Path soft = directory.resolve("soft");
        Path hard = directory.resolve("hard");

        run(Paths.symlink(soft, Path.of("file")));
        run(Paths.link(hard, file));

        assertThat(get(Paths.readlink(soft))).isEqualTo(Path.of("file"));
        assertThat(get(Paths.realpath(soft))).isEqualTo(get(Paths.realpath(file)));
        assertThat(get(Paths.stat(soft)).isSymbolicLink()).isFalse();
        assertThat(get(Paths.stat(soft, LinkOption.NOFOLLOW_LINKS)).isSymbolicLink())
                .isTrue();
        assertThat(hard).hasContent("text");
        failsWith("EINVAL", Paths.readlink(file));
        failsWith("EEXIST", Paths.symlink(soft, file));
    }

    @Test
    void anErrorNamesBothPaths() {
        Path from = directory.resolve("from");
        Path to = directory.resolve("to");

        StepVerifier.create(Paths.move(from, to))
                .expectErrorSatisfies(error -> {
                    assertThat(error)
                            .hasMessage("ENOENT: no such file or directory, move '" + from + "' -> '" + to + "'");
                    assertThat(((FileException) error).target()).contains(to);
                })
                .verify(LONG);
    }

    @Test
    void createAllTellsTheFirstDirectoryThatWasMade() { // NODE.md TP-17
        Path deep = directory.resolve("a/b/c");

        StepVerifier.create(Directories.createAll(deep))
                .expectNext(directory.resolve("a").toAbsolutePath())
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Directories.createAll(deep)).expectComplete().verify(LONG);
        failsWith("EEXIST", Directories.create(deep));
    }

    @Test
    void treesAreCopiedAndDeletedAndLinksNotFollowed() { // NODE.md TP-18
        Path outside = file("outside/kept", "kept");
        file("tree/a/one", "1");
        file("tree/two", "2");
        run(Paths.symlink(directory.resolve("tree/link"), directory.resolve("outside")));
        Path tree = directory.resolve("tree");
        Path copy = directory.resolve("copy");

        run(Directories.copyAll(tree, copy, LinkOption.NOFOLLOW_LINKS));

        assertThat(copy.resolve("a/one")).hasContent("1");
        assertThat(copy.resolve("link")).isSymbolicLink();
        failsWith("EEXIST", Directories.copyAll(tree, copy, LinkOption.NOFOLLOW_LINKS));
        run(Directories.copyAll(tree, copy, StandardCopyOption.REPLACE_EXISTING));
        failsWith("EINVAL", Directories.copyAll(tree, tree.resolve("inside")));
        assertThat(get(Directories.deleteAll(tree))).isTrue();
        assertThat(get(Directories.deleteAll(tree))).isFalse();
        assertThat(tree).doesNotExist();
        assertThat(outside).exists();
    }

    @Test
    void entriesAndGlobFindWhatIsThere() { // NODE.md TP-19
        file("src/a.java", "1");
        file("src/deep/b.java", "22");
        file("src/deep/c.md", "333");
        Path src = directory.resolve("src");

        StepVerifier.create(Directories.glob(src, "**/*.java").map(Path::getFileName))
                .expectNext(Path.of("b.java"))
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Directories.entries(src, 5)
                        .filter(entry -> entry.attributes().isRegularFile())
                        .map(entry -> entry.attributes().size())
                        .sort())
                .expectNext(1L, 2L, 3L)
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Directories.entries(src, 1).count())
                .expectNext(2L)
                .expectComplete()
                .verify(LONG);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Directories.entries(src, 0))
                .withMessage("maxDepth must be 1 or more, was 0");
    }

    @Test
    void aTemporaryDirectoryIsGoneAfterItsUse() {
        List<Path> used = new ArrayList<>();

        StepVerifier.create(Directories.withTemp(directory, "work-", temp -> {
                    used.add(temp);
                    return Files.writeFile(temp.resolve("file"), new byte[1]).thenReturn("done");
                }))
                .expectNext("done")
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Directories.withTemp(directory, "work-", temp -> {
                    used.add(temp);
                    return Mono.error(new IllegalStateException("failed"));
                }))
                .expectErrorMessage("failed")
                .verify(LONG);

        assertThat(used).hasSize(2).noneMatch(java.nio.file.Files::exists);
    }

    @Test
    void thePoolOfTheContextIsUsed() {
        BlockingPool pool = BlockingPoolSpec.of("own").threads(1).start();

        run(Paths.stat(directory).contextWrite(Context.of(BlockingPool.class, pool)));
        run(Directories.list(directory).then().contextWrite(Context.of(BlockingPool.class, pool)));

        assertThat(pool.metrics().completed()).isGreaterThanOrEqualTo(2);
        run(pool.disposeGracefully());
    }

    @Test
    void buffersAreTheFileAndNoneIsLeftAfterACancel() {
        String text = "0123456789".repeat(10_000);
        Path file = file("file", text);

        StepVerifier.create(Files.readBuffers(file, 5, 50_000, 7_000)
                        .map(PathsAndDirectoriesTest::take)
                        .reduce(String::concat))
                .expectNext(text.substring(5, 50_005))
                .expectComplete()
                .verify(LONG);
        for (int round = 0; round < 200; round++) {
            run(Files.readBuffers(file, 0, 100_000, 1 + 5 * round)
                    .take(1 + round % 5)
                    .doOnNext(ByteBuf::release)
                    .then());
            Files.readBuffers(file, 0, 100_000, 100).subscribe(ByteBuf::release).dispose();
        }
        BlockingPool shared = BlockingPool.shared();
        while (shared.metrics().running() + shared.metrics().queued() > 0 || activeBuffers() > 0) {
            Thread.onSpinWait(); // a buffer that is never released ends this by the time-out of the test
        }
        assertThat(activeBuffers()).isZero();
    }

    private static String take(ByteBuf buffer) {
        try {
            return buffer.toString(StandardCharsets.US_ASCII);
        } finally {
            buffer.release();
        }
    }

    private static long activeBuffers() {
        return PooledByteBufAllocator.DEFAULT.metric().directArenas().stream()
                .mapToLong(arena -> arena.numActiveAllocations())
                .sum();
    }

    @Test
    void aLineThatIsTooLongIsRefusedAndNamed() {
        Path file = file("lines", "short\n\n" + "x".repeat(20) + "\nmore\n");
        BlockingPool pool = BlockingPool.shared();

        StepVerifier.create(Files.lines(file, StandardCharsets.UTF_8, 19, pool))
                .expectErrorSatisfies(error -> {
                    assertThat(((FileException) error).code()).isEqualTo("EMSGSIZE");
                    assertThat(error)
                            .hasMessageContaining("line 3 has more than 19 characters")
                            .hasMessageContaining(file.toString());
                })
                .verify(LONG);
        StepVerifier.create(Files.lines(file, StandardCharsets.UTF_8, 20, pool).count())
                .expectNext(4L)
                .expectComplete()
                .verify(LONG);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Files.lines(file, StandardCharsets.UTF_8, 0, pool))
                .withMessage("maxLength must be 1 or more, was 0");
    }

    @Test
    @DisplayName("HF-25: changes are told until the cancel")
    void changesComeHomeUntilTheCancelAlsoFromNewDirectories() {
        List<Boolean> home = new ArrayList<>();
        Path deep = directory.resolve("new/deep");

        EventLoop.run(loop -> {
            int[] round = {0};
            var writing = loop.setInterval(
                    Duration.ofMillis(20),
                    () -> Directories.createAll(deep)
                            .then(Files.writeFile(deep.resolve("file-" + round[0]++), new byte[1]))
                            .subscribe());
            Directories.watch(directory, true)
                    .doOnNext(change -> home.add(loop.inLoop()))
                    .filter(change ->
                            change.path().startsWith(deep.resolve("..").normalize()))
                    .filter(change -> change.path().getFileName().toString().startsWith("file-"))
                    .take(2)
                    .doFinally(end -> writing.dispose())
                    .subscribe();
        });

        assertThat(home).isNotEmpty().containsOnly(true);
        failsWith(
                "ENOENT", Directories.watch(directory.resolve("nothing"), false).next());
    }

    @Test
    void aSlowWatcherIsToldOnceThatItMissedSomething() {
        FileWatch watch = new FileWatch(directory, directory, null, false);
        for (int i = 0; i < FileWatch.CAPACITY + 10; i++) {
            watch.changed(FileChange.Kind.MODIFIED, directory.resolve("f"), Path.of("f"));
        }
        watch.end();

        StepVerifier.create(watch.changes().map(FileChange::kind).collectList())
                .assertNext(kinds -> assertThat(kinds)
                        .hasSize(FileWatch.CAPACITY + 1)
                        .endsWith(FileChange.Kind.OVERFLOW)
                        .containsOnlyOnce(FileChange.Kind.OVERFLOW))
                .expectComplete()
                .verify(LONG);
        assertThat(watch.isEnded()).isTrue();
    }
}
