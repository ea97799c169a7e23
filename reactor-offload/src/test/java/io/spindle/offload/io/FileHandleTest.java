// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.offload.worker.Worker;
import io.spindle.offload.worker.WorkerSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

@ExtendWith(LeakCheck.class)
class FileHandleTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final StandardOpenOption[] NEW = {
        StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE
    };

    @TempDir
    private Path directory;

    private Path file(String content) throws IOException {
        Path file = directory.resolve("file");
        java.nio.file.Files.writeString(file, content);
        return file;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    @Test
    @DisplayName(
            "HF-01, HF-02, HF-10: readFile gives the rest, writeFile of bytes and of a stream goes on where the file is")
    void readFileGivesTheRestAndWriteFileGoesOnWhereTheFileIs() throws Exception {
        Path file = directory.resolve("new");
        Mono<String> written = FileHandle.withFile(
                        file,
                        handle -> handle.write(bytes("Hello"))
                                .then(handle.writeFile("World".getBytes(UTF_8)))
                                .then(handle.writeFile(Flux.just("!".getBytes(UTF_8), "?".getBytes(UTF_8))))
                                .then(handle.position(0))
                                .then(handle.read(ByteBuffer.allocate(5)))
                                .then(handle.readFile()),
                        NEW)
                .single()
                .map(rest -> new String(rest, UTF_8));

        StepVerifier.create(written).expectNext("World!?").expectComplete().verify(LONG);
        assertThat(java.nio.file.Files.readString(file)).isEqualTo("HelloWorld!?");
    }

    @Test
    @DisplayName("HF-11, HF-14: reads and writes at a position, and at the end")
    void aPositionLeavesThatOfTheFileAloneAndTheEndGivesNothing() throws Exception { // TP-28
        Path file = file("hello world");
        ByteBuffer at = ByteBuffer.allocate(5);
        ByteBuffer first = ByteBuffer.allocate(20);
        Flux<Integer> counts = FileHandle.withFile(
                file,
                handle -> Flux.concat(
                        handle.read(at, 6),
                        handle.read(first),
                        handle.read(ByteBuffer.allocate(1)),
                        handle.read(ByteBuffer.allocate(1), 100),
                        handle.write(bytes("W"), 6)),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);

        StepVerifier.create(counts).expectNext(5, 11, 0, 0, 1).expectComplete().verify(LONG);
        assertThat(new String(at.array(), UTF_8)).isEqualTo("world");
        assertThat(first.position()).isEqualTo(11);
        assertThat(java.nio.file.Files.readString(file)).isEqualTo("hello World");
    }

    @Test
    @DisplayName("HF-13: full and empty buffers are written as given")
    void severalBuffersAreReadAndWrittenInTheirOrder() {
        Path file = directory.resolve("vectors");
        ByteBuffer one = ByteBuffer.allocate(2);
        ByteBuffer two = ByteBuffer.allocate(10);
        Flux<Long> counts = FileHandle.withFile(
                file,
                handle -> Flux.concat(
                        handle.writev(List.of(bytes("abc"), bytes("de"))),
                        handle.writev(List.of()),
                        handle.position(0).then(handle.readv(List.of(one, two))),
                        handle.readv(List.of(ByteBuffer.allocate(1)))),
                NEW);

        StepVerifier.create(counts).expectNext(5L, 0L, 5L, 0L).expectComplete().verify(LONG);
        assertThat(new String(one.array(), UTF_8)).isEqualTo("ab");
        assertThat(new String(two.array(), 0, 3, UTF_8)).isEqualTo("cde");
    }

    @Test
    void emptyBuffersWhereverTheyStandHoldNothingBack() throws Exception {
        Path file = directory.resolve("empties");
        Flux<Long> counts = FileHandle.withFile(
                file,
                handle -> Flux.concat(
                        handle.writev(List.of(bytes("abc"), bytes(""))),
                        handle.writev(List.of(bytes(""), bytes("de"), bytes(""), bytes("f"), bytes(""))),
                        handle.writev(List.of(bytes("")))),
                NEW);

        StepVerifier.create(counts).expectNext(3L, 3L, 0L).expectComplete().verify(LONG);
        assertThat(file).hasContent("abcdef");
    }

    @Test
    @DisplayName("HF-16, HF-17: a file is forced, cut, extended and measured")
    void itIsForcedCutExtendedAndMeasured() throws Exception {
        Path file = file("0123456789");
        Flux<Long> sizes = FileHandle.withFile(
                file,
                handle -> Flux.concat(
                        handle.truncate(4).then(handle.datasync()).then(handle.size()),
                        handle.truncate(6).then(handle.sync()).then(handle.size()),
                        handle.position(3).then(handle.position())),
                StandardOpenOption.WRITE);

        StepVerifier.create(sizes).expectNext(4L, 6L, 3L).expectComplete().verify(LONG);
        assertThat(java.nio.file.Files.readString(file)).isEqualTo("0123\0\0");
    }

    @Test
    @DisplayName("HF-19: lines, the empty one too")
    void chunksAreReadOnDemandAndLinesFromThePositionOn() throws Exception {
        Path file = file("skip\n1\n\n2\n");
        StepVerifier.create(
                        FileHandle.withFile(
                                file, handle -> handle.readChunks(5, 4, 3).map(chunk -> new String(chunk, UTF_8))),
                        0)
                .thenRequest(1)
                .expectNext("1\n\n")
                .thenRequest(5)
                .expectNext("2")
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(
                        FileHandle.withFile(file, handle -> handle.position(5).thenMany(handle.lines(UTF_8))))
                .expectNext("1", "", "2")
                .expectComplete()
                .verify(LONG);
    }

    @Test
    @DisplayName("HF-07: a file under /proc is read to its end")
    void aFileOfUnknownSizeIsReadToItsEnd() {
        StepVerifier.create(FileHandle.withFile(Path.of("/proc/self/status"), FileHandle::readFile))
                .expectNextMatches(content -> new String(content, UTF_8).contains("Threads:"))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void signalsComeHomeAndTheLoopStays() throws Exception {
        Path file = file("home");
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> FileHandle.withFile(file, FileHandle::readFile)
                .doOnTerminate(() -> log.add("closed " + loop.inLoop()))
                .subscribe(content -> log.add(new String(content, UTF_8) + " " + loop.inLoop())));

        assertThat(log).containsExactly("home true", "closed true");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aPoolThatIsDisposedClosesTheFileThatItReads() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        BlockingPool dying = BlockingPoolSpec.of("dying").threads(1).start();
        FileHandle handle = FileHandle.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE)
                .block(LONG);
        assertThat(handle).isNotNull();
        CompletableFuture<Object> end = new CompletableFuture<>();
        handle.read(ByteBuffer.allocate(1))
                .contextWrite(Context.of(BlockingPool.class, dying))
                .subscribe(end::complete, end::complete);
        Spin.until(() -> dying.metrics().running() == 1);

        dying.dispose();

        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(Exception.class);
        assertThat(handle.isClosed()).isTrue();
        handle.close().block(LONG);
    }

    @Test
    @DisplayName("HF-20: a handle is closed once, and is of no use then")
    void closeIsIdempotentAndLaterUseIsABadDescriptor() throws Exception { // TP-25
        Path file = file("x");
        FileHandle handle = FileHandle.open(file).block(LONG);
        assertThat(handle).isNotNull();
        assertThat(handle.isClosed()).isFalse();

        handle.close().block(LONG);
        handle.close().block(LONG);

        assertThat(handle.isClosed()).isTrue();
        StepVerifier.create(handle.read(ByteBuffer.allocate(1)))
                .expectErrorSatisfies(error -> {
                    assertThat(((FileException) error).code()).isEqualTo("EBADF");
                    assertThat(error).hasMessage("EBADF: bad file descriptor: the file is closed, read '" + file + "'");
                })
                .verify(LONG);
        assertThatIllegalStateException()
                .isThrownBy(handle::transfer)
                .withMessageContaining("cannot be transferred: it is closed");
        StepVerifier.create(FileHandle.open(directory.resolve("nothing")))
                .expectErrorSatisfies(
                        error -> assertThat(((FileException) error).code()).isEqualTo("ENOENT"))
                .verify(LONG);
    }

    @Test
    void closeWaitsForWhatWasBegunAndACancelTakesBackWhatWaits() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("one").threads(1).start();
        try {
            Path file = file("content");
            FileHandle handle = FileHandle.open(file, NEW).block(LONG);
            assertThat(handle).isNotNull();
            CountDownLatch blocked = new CountDownLatch(1);
            CompletableFuture<?> blocking = pool.run(() -> {
                        try {
                            blocked.await();
                        } catch (InterruptedException error) {
                            throw new IllegalStateException(error);
                        }
                    })
                    .toFuture();
            CompletableFuture<byte @Nullable []> reading = handle.readFile()
                    .contextWrite(Context.of(BlockingPool.class, pool))
                    .toFuture();
            Disposable cancelled = handle.writeFile("never".getBytes(UTF_8))
                    .contextWrite(Context.of(BlockingPool.class, pool))
                    .subscribe();
            CompletableFuture<?> closing = handle.close().toFuture();
            assertThatIllegalStateException().isThrownBy(handle::transfer);

            cancelled.dispose();
            assertThat(closing).isNotDone();
            blocked.countDown();

            assertThat(reading.get(20, TimeUnit.SECONDS)).isEqualTo("content".getBytes(UTF_8));
            closing.get(20, TimeUnit.SECONDS);
            blocking.get(20, TimeUnit.SECONDS);
            assertThat(pool.metrics().completed()).isEqualTo(2); // what blocked it, and the reading
            assertThat(file).hasContent("content");
        } finally {
            pool.dispose();
        }
    }

    @Test
    void cancelsInAllMomentsLeaveTheFileOpenForTheOthers() throws Exception {
        Path file = file("x".repeat(100_000));
        Mono<Integer> sizes = FileHandle.withFile(
                        file,
                        handle -> Flux.range(0, 2_000).flatMap(i -> {
                            handle.readFile().subscribe().dispose();
                            Disposable late =
                                    handle.read(ByteBuffer.allocate(1000), 0).subscribe();
                            return handle.read(ByteBuffer.allocate(10), i).doOnNext(read -> late.dispose());
                        }))
                .reduce(0, Integer::sum);

        StepVerifier.create(sizes).expectNext(20_000).expectComplete().verify(LONG);
    }

    @Test
    @DisplayName("HF-29: workers that open and close files for ever are terminated, and what they leave is collected")
    void descriptorsOfWorkersThatAreTerminatedWhileTheyOpenFilesAreCollected() throws Exception {
        Path file = file("x").toRealPath();
        for (int round = 0; round < 6; round++) {
            List<Worker<Void, Boolean>> workers = Stream.generate(() -> WorkerSpec.<Void, Boolean>of(context ->
                                    Mono.defer(() -> FileHandle.withFile(file, FileHandle::readFile)
                                                    .then())
                                            .doOnSuccess(
                                                    none -> context.parentPort().postMessage(true))
                                            .repeat()
                                            .subscribe(none -> {}, error -> {})) // its loop has ended
                            .start())
                    .limit(6)
                    .toList();
            workers.forEach(worker -> worker.messages().blockFirst(LONG));

            for (Worker<Void, Boolean> worker : workers) {
                assertThat(worker.terminate().block(LONG)).isEqualTo(1);
            }
        }

        // what was open at that moment is lost, and closed with the garbage
        Spin.until(() -> {
            System.gc();
            return descriptorsOf(file) == 0;
        });
    }

    private static long descriptorsOf(Path file) {
        try (Stream<Path> all = java.nio.file.Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(each -> {
                        try {
                            return java.nio.file.Files.readSymbolicLink(each).equals(file);
                        } catch (IOException closed) {
                            return false; // meanwhile
                        }
                    })
                    .count();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Test
    @DisplayName("HW-28: a handle in use is not moved")
    void aHandleIsMovedAndTheOldOneIsUnusable() throws Exception { // TP-27
        FileHandle old = FileHandle.open(file("moved")).block(LONG);
        assertThat(old).isNotNull();

        FileHandle moved = old.transfer();

        StepVerifier.create(old.readFile())
                .expectErrorMatches(error -> error instanceof IllegalStateException
                        && String.valueOf(error.getMessage()).endsWith("was transferred: it is unusable"))
                .verify(LONG);
        StepVerifier.create(old.close())
                .expectError(IllegalStateException.class)
                .verify(LONG);
        assertThatIllegalStateException().isThrownBy(old::transfer);
        StepVerifier.create(moved.readFile().map(content -> new String(content, UTF_8)))
                .expectNext("moved")
                .expectComplete()
                .verify(LONG);
        moved.close().block(LONG);
    }

    @Test
    @DisplayName("HF-22, HF-23: the error of the closing, alone or in that of the use")
    void theErrorOfTheUseComesFirstAndThatOfTheClosingIsKept() throws Exception { // TP-26
        Path file = file("x");
        Mono<FileHandle> broken = Mono.fromCallable(() -> FileHandle.of(file, new BrokenAtClose()));

        StepVerifier.create(FileHandle.using(broken, handle -> Mono.just("fine")))
                .expectNext("fine")
                .expectErrorSatisfies(
                        error -> assertThat(((FileException) error).operation()).isEqualTo("close"))
                .verify(LONG);
        StepVerifier.create(FileHandle.using(broken, FileHandle::size))
                .expectErrorSatisfies(error -> {
                    assertThat(((FileException) error).operation()).isEqualTo("fstat");
                    assertThat(error.getSuppressed()[0]).hasMessageContaining("cannot close");
                })
                .verify(LONG);
    }

    @Test
    void badArgumentsAreRefusedAtOnce() throws Exception {
        FileHandle.withFile(file("x"), handle -> {
                    assertThatIllegalArgumentException()
                            .isThrownBy(() -> handle.read(ByteBuffer.allocate(1), -1))
                            .withMessage("position must not be negative, was -1");
                    assertThatIllegalArgumentException().isThrownBy(() -> handle.readChunks(0, 1, 0));
                    assertThatIllegalArgumentException().isThrownBy(() -> handle.truncate(-1));
                    return Mono.empty();
                })
                .blockLast(LONG);
    }

    /** A channel of which nothing works. */
    private static final class BrokenAtClose extends FileChannel {

        @Override
        protected void implCloseChannel() throws IOException {
            throw new IOException("cannot close");
        }

        @Override
        public long size() throws IOException {
            throw new IOException("no size");
        }

        @Override
        public int read(ByteBuffer target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long read(ByteBuffer[] targets, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int write(ByteBuffer source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long position() {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel position(long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel truncate(long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void force(boolean metaData) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferTo(long position, long count, java.nio.channels.WritableByteChannel target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferFrom(java.nio.channels.ReadableByteChannel source, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int read(ByteBuffer target, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int write(ByteBuffer source, long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public java.nio.MappedByteBuffer map(MapMode mode, long position, long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public java.nio.channels.FileLock lock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }

        @Override
        public java.nio.channels.FileLock tryLock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }
    }
}
