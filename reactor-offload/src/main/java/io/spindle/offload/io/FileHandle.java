// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An open file. Node analogue: the class of the same name in {@code fs/promises}.
 *
 * <p>What has no position works at the file's own, from 0 on, and moves it; what has one leaves that alone. Operations run
 * on the pool and signal as those of {@link Files} do, with these differences:
 * <ul>
 *   <li><b>Cancel</b> takes an operation back that has not begun. One that runs goes on, its result is dropped: an
 *       interrupt would close the file under the others. A loop that is disposed while one of its operations runs, and a
 *       pool that is, do interrupt, and so close the file.
 *   <li><b>Errors</b> with the code {@code EBADF} after {@link #close()}, and with {@code IllegalStateException} after
 *       {@link #transfer()}.
 * </ul>
 *
 * <p>Thread-safe; no order is kept between two operations that were subscribed to. Whoever opens it closes it:
 * {@link #withFile} does. Of one that is lost, the JDK closes the descriptor when it collects the garbage.
 *
 * @since 0.1.0
 */
public final class FileHandle {

    private final OpenFile file;

    private FileHandle(OpenFile file) {
        this.file = file;
    }

    static FileHandle of(Path path, FileChannel channel) {
        OpenFile file = new OpenFile(path, channel);
        return file.ownedBy(new FileHandle(file));
    }

    /**
     * Opens a file. Better use {@link #withFile}.
     *
     * @param path the file
     * @param options such as {@code READ}, {@code WRITE}, {@code CREATE} and {@code APPEND}. Default: {@code READ}
     * @return a cold {@code Mono} of a handle, the subscriber's to close; one that cannot be delivered is closed
     */
    public static Mono<FileHandle> open(Path path, OpenOption... options) {
        Set<OpenOption> chosen = options.length == 0 ? Set.of(StandardOpenOption.READ) : Set.of(options);
        return Io.<FileHandle>call("open", path, () -> of(path, FileChannel.open(path, chosen)))
                .doOnDiscard(FileHandle.class, handle -> handle.close().subscribe());
    }

    /**
     * Opens a file, uses it, and closes it at the end, at an error and at a cancel. If both the use and the closing fail,
     * the error of the use is signalled, and that of the closing is suppressed in it. Node analogue:
     * {@code await using}.
     *
     * @param path the file
     * @param use what is done with the handle, which is closed when this has ended
     * @param options as for {@link #open}
     * @return a cold {@code Flux} of what {@code use} emits
     */
    public static <T> Flux<T> withFile(
            Path path, Function<? super FileHandle, ? extends Publisher<T>> use, OpenOption... options) {
        return using(open(path, options), use);
    }

    static <T> Flux<T> using(Mono<FileHandle> open, Function<? super FileHandle, ? extends Publisher<T>> use) {
        Objects.requireNonNull(use, "use");
        return Flux.usingWhen(
                open,
                handle -> Flux.<T>from(use.apply(handle))
                        .concatWith(handle.close().then(Mono.empty())),
                handle -> Mono.empty(),
                (handle, error) -> handle.close().onErrorResume(second -> {
                    if (!second.equals(error)) {
                        error.addSuppressed(second);
                    }
                    return Mono.empty();
                }),
                FileHandle::close);
    }

    /** Returns the path as it was given. */
    public Path path() {
        return file.path();
    }

    /**
     * Reads as many bytes as the system gives at once, at the file's position.
     *
     * @param target filled from its position to its limit at most; not to be touched before the end
     * @return a cold {@code Mono} of how many were read, 0 at the end of the file, unlike the JDK's -1
     */
    public Mono<Integer> read(ByteBuffer target) {
        Objects.requireNonNull(target, "target");
        return file.operation(this, "read", channel -> WholeFile.readOnce(target, channel::read));
    }

    /**
     * The same as {@link #read(ByteBuffer)} at a position of choice.
     *
     * @param target filled from its position to its limit at most; not to be touched before the end
     * @param position in the file, not negative
     * @return a cold {@code Mono} of how many were read, 0 at or after the end of the file
     */
    public Mono<Integer> read(ByteBuffer target, long position) {
        Objects.requireNonNull(target, "target");
        Io.notNegative("position", position);
        return file.operation(this, "read", channel -> {
            int before = target.position();
            return WholeFile.readOnce(target, piece -> channel.read(piece, position + piece.position() - before));
        });
    }

    /**
     * Reads into several buffers, one after the other, at the file's position.
     *
     * @param targets filled in their order; not to be touched before the end
     * @return a cold {@code Mono} of how many bytes were read, 0 at the end of the file
     */
    public Mono<Long> readv(List<ByteBuffer> targets) {
        ByteBuffer[] all = targets.toArray(ByteBuffer[]::new);
        return file.operation(this, "read", channel -> WholeFile.readOnce(channel, all));
    }

    /**
     * Writes a whole buffer at the file's position.
     *
     * @param source written from its position to its limit; not to be touched before the end
     * @return a cold {@code Mono} of how many bytes were written
     */
    public Mono<Integer> write(ByteBuffer source) {
        Objects.requireNonNull(source, "source");
        return file.operation(this, "write", channel -> {
            int length = source.remaining();
            WholeFile.writeAll(source, channel::write);
            return length;
        });
    }

    /**
     * The same as {@link #write(ByteBuffer)} at a position of choice.
     *
     * @param source written from its position to its limit; not to be touched before the end
     * @param position in the file, not negative; without effect for a file opened with {@code APPEND}
     * @return a cold {@code Mono} of how many bytes were written
     */
    public Mono<Integer> write(ByteBuffer source, long position) {
        Objects.requireNonNull(source, "source");
        Io.notNegative("position", position);
        return file.operation(this, "write", channel -> {
            int before = source.position();
            WholeFile.writeAll(source, piece -> channel.write(piece, position + piece.position() - before));
            return source.position() - before;
        });
    }

    /**
     * Writes several whole buffers, one after the other, at the file's position.
     *
     * @param sources written in their order; not to be touched before the end
     * @return a cold {@code Mono} of how many bytes were written
     */
    public Mono<Long> writev(List<ByteBuffer> sources) {
        ByteBuffer[] all = sources.toArray(ByteBuffer[]::new);
        return file.operation(this, "write", channel -> {
            long total = 0;
            for (ByteBuffer each : all) {
                total += each.remaining();
            }
            WholeFile.writeAll(channel, all);
            return total;
        });
    }

    /**
     * Reads from the file's position to the end.
     *
     * @return a cold {@code Mono} of a new array, never empty; the handle stays open
     */
    public Mono<byte[]> readFile() {
        return file.operation(this, "read", WholeFile::readAll);
    }

    /**
     * Writes an array at the file's position.
     *
     * @param data not to be changed before the end
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public Mono<Void> writeFile(byte[] data) {
        Objects.requireNonNull(data, "data");
        return file.operation(this, "write", channel -> {
            WholeFile.writeAll(channel, data);
            return null;
        });
    }

    /**
     * Writes a stream at the file's position, an operation for each chunk.
     *
     * @param chunks not to be changed before the next is requested; one is requested at a time
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public Mono<Void> writeFile(Flux<byte[]> chunks) {
        return chunks.concatMap(this::writeFile, 0).then();
    }

    /**
     * Reads a range as chunks, an operation for each; nothing is read that was not requested, save one chunk.
     *
     * @param offset of the first byte, not negative; beyond the end there is nothing
     * @param length how many bytes at most, not negative
     * @param chunkSize in bytes, 1 or more; all chunks but the last are of that size
     * @return a cold {@code Flux} of new arrays, the subscriber's; the handle stays open
     */
    public Flux<byte[]> readChunks(long offset, long length, int chunkSize) {
        Io.notNegative("offset", offset);
        Io.notNegative("length", length);
        Io.atLeast("chunkSize", 1, chunkSize);
        return Flux.defer(() -> {
            AtomicLong done = new AtomicLong();
            Mono<byte[]> next = Mono.defer(() -> file.operation(
                    this,
                    "read",
                    channel -> FileRange.readChunk(
                            channel, offset + done.get(), (int) Math.min(chunkSize, length - done.get()))));
            Mono<byte[]> counted = next.doOnNext(chunk -> done.addAndGet(chunk.length));
            return counted.expand(chunk -> counted, 1);
        });
    }

    /**
     * Reads lines, from the file's position on, which stays: see {@link Files#lines(Path, Charset,
     * io.spindle.offload.BlockingPool)}. Node analogue: {@code readLines}.
     *
     * @param charset of the text
     * @return a cold {@code Flux} of lines without their ends; the handle stays open
     */
    public Flux<String> lines(Charset charset) {
        Objects.requireNonNull(charset, "charset");
        return position()
                .flatMapMany(
                        from -> Files.lines(readChunks(from, Long.MAX_VALUE - from, Io.CHUNK), charset, Files.MAX_LINE))
                .onErrorMap(error -> Files.told(error, path()));
    }

    /**
     * Reads the file's position.
     *
     * @return a cold {@code Mono} of it, never empty
     */
    public Mono<Long> position() {
        return file.operation(this, "lseek", FileChannel::position);
    }

    /**
     * Sets the file's position.
     *
     * @param position not negative; may be beyond the end
     * @return a cold {@code Mono} that completes when it is set
     */
    public Mono<Void> position(long position) {
        Io.notNegative("position", position);
        return file.operation(this, "lseek", channel -> {
            channel.position(position);
            return null;
        });
    }

    /**
     * Reads the length of the file, whatever its name is by now. For other attributes see {@link Paths#stat}: the JDK
     * reads them by name only.
     *
     * @return a cold {@code Mono} of it in bytes, never empty
     */
    public Mono<Long> size() {
        return file.operation(this, "fstat", FileChannel::size);
    }

    /**
     * Sets the length of the file: cuts it, or adds zeros to its end. The position is moved only if it would be beyond.
     *
     * @param length in bytes, not negative
     * @return a cold {@code Mono} that completes when it is done
     */
    public Mono<Void> truncate(long length) {
        Io.notNegative("length", length);
        return file.operation(this, "ftruncate", channel -> WholeFile.truncate(channel, length));
    }

    /**
     * Forces content and attributes to the disk.
     *
     * @return a cold {@code Mono} that completes when they are there
     */
    public Mono<Void> sync() {
        return file.operation(this, "fsync", channel -> {
            channel.force(true);
            return null;
        });
    }

    /**
     * Forces the content to the disk, and of the attributes those needed to read it.
     *
     * @return a cold {@code Mono} that completes when it is there
     */
    public Mono<Void> datasync() {
        return file.operation(this, "fdatasync", channel -> {
            channel.force(false);
            return null;
        });
    }

    /**
     * Moves the file to a new handle, to be sent to another thread: this one is unusable from now on.
     *
     * @return the new handle
     * @throws IllegalStateException if it was transferred or closed before, or an operation is not done
     */
    public FileHandle transfer() {
        file.disown(this);
        return file.ownedBy(new FileHandle(file));
    }

    /**
     * Closes the file when the operations that were begun are done; later ones fail. Each subscriber is told when it is
     * closed.
     *
     * @return a cold {@code Mono} that completes when it is closed, also if it was before; cancel stops the waiting only
     */
    public Mono<Void> close() {
        return file.close(this);
    }

    /** Returns whether it was closed, or is about to be. */
    public boolean isClosed() {
        return file.isClosing();
    }

    @Override
    public String toString() {
        return "FileHandle(" + path() + ")";
    }
}
