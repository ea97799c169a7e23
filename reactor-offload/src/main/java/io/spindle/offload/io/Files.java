// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.netty.buffer.ByteBuf;
import io.spindle.offload.BlockingPool;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Files, read and written on a {@link BlockingPool}, whole or as streams. Node analogue: {@code fs/promises}.
 *
 * <p>What has no parameter for a pool uses {@link BlockingPool#shared()}. {@link Paths} and {@link Directories} are about
 * the names of files; they and {@link #readBuffers} run on the pool that the Reactor {@code Context} holds under
 * {@code BlockingPool.class}, if it does: {@code .contextWrite(Context.of(BlockingPool.class, pool))}. For all of them:
 * <ul>
 *   <li><b>Signals on</b> the event loop it was subscribed on, else on the pool's thread.
 *   <li><b>Cancel</b> before the start: nothing happens; during the run: it stops between two pieces of 256 KB, and a
 *       file that was being written stays as it is then.
 *   <li><b>Errors</b> with {@link FileException}, which names the path and the reason, and with
 *       {@link io.spindle.offload.TaskRejectedException} if the pool is full.
 * </ul>
 * No order is kept between two operations that were subscribed to, not even on one file: chain them for that.
 *
 * @since 0.1.0
 */
public final class Files {

    static final int MAX_LINE = 1024 * 1024;

    private Files() {}

    /**
     * Reads a whole file in one trip to the pool: open, size, read, close. Files of unknown size, such as those under
     * {@code /proc}, are read to their end. Node analogue: {@code readFile(path)}, which makes four trips.
     *
     * @param path the file, up to 2 GB
     * @return a cold {@code Mono} of a new array, the caller's; never empty
     */
    public static Mono<byte[]> readFile(Path path) {
        return readFile(path, BlockingPool.shared());
    }

    /**
     * The same as {@link #readFile(Path)} on a pool of choice.
     *
     * @param path the file, up to 2 GB
     * @param pool reads
     * @return a cold {@code Mono} of a new array, the caller's; never empty
     */
    public static Mono<byte[]> readFile(Path path, BlockingPool pool) {
        Objects.requireNonNull(path, "path");
        return Io.call(pool, "read", path, () -> WholeFile.read(path));
    }

    /**
     * Reads a whole file as UTF-8 text; bytes that are not become U+FFFD, as in Node.
     *
     * @param path the file, up to 2 GB
     * @return a cold {@code Mono} of the text, never empty
     */
    public static Mono<String> readString(Path path) {
        return readString(path, StandardCharsets.UTF_8, BlockingPool.shared());
    }

    /**
     * Reads a whole file as text; bytes that do not fit become the charset's replacement.
     *
     * @param path the file, up to 2 GB
     * @param charset of the text
     * @return a cold {@code Mono} of the text, never empty
     */
    public static Mono<String> readString(Path path, Charset charset) {
        return readString(path, charset, BlockingPool.shared());
    }

    /**
     * The same as {@link #readString(Path, Charset)} on a pool of choice, where it is decoded too.
     *
     * @param path the file, up to 2 GB
     * @param charset of the text
     * @param pool reads and decodes
     * @return a cold {@code Mono} of the text, never empty
     */
    public static Mono<String> readString(Path path, Charset charset, BlockingPool pool) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(charset, "charset");
        return Io.call(pool, "read", path, () -> new String(WholeFile.read(path), charset));
    }

    /**
     * Writes a whole file: creates it or replaces what is in it. Node analogue: {@code writeFile(path, data)}.
     *
     * @param path the file; its directory must exist
     * @param data not to be changed before the end
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public static Mono<Void> writeFile(Path path, byte[] data) {
        return writeFile(path, data, BlockingPool.shared());
    }

    /**
     * The same as {@link #writeFile(Path, byte[])} on a pool of choice.
     *
     * @param path the file; its directory must exist
     * @param data not to be changed before the end
     * @param pool writes
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public static Mono<Void> writeFile(Path path, byte[] data, BlockingPool pool) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(data, "data");
        return Io.call(pool, "write", path, () -> WholeFile.write(path, data));
    }

    /**
     * Writes text as a whole file: creates it or replaces what is in it.
     *
     * @param path the file; its directory must exist
     * @param text characters that the charset lacks become its replacement
     * @param charset of the file
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public static Mono<Void> writeString(Path path, String text, Charset charset) {
        return writeString(path, text, charset, BlockingPool.shared());
    }

    /**
     * The same as {@link #writeString(Path, String, Charset)} on a pool of choice, where it is encoded too.
     *
     * @param path the file; its directory must exist
     * @param text characters that the charset lacks become its replacement
     * @param charset of the file
     * @param pool encodes and writes
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public static Mono<Void> writeString(Path path, String text, Charset charset, BlockingPool pool) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(charset, "charset");
        return Io.call(pool, "write", path, () -> WholeFile.write(path, text.getBytes(charset)));
    }

    /**
     * Appends to a file: creates it if it is not there. Node analogue: {@code appendFile(path, data)}.
     *
     * @param path the file; its directory must exist
     * @param data not to be changed before the end
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public static Mono<Void> appendFile(Path path, byte[] data) {
        return appendFile(path, data, BlockingPool.shared());
    }

    /**
     * The same as {@link #appendFile(Path, byte[])} on a pool of choice.
     *
     * @param path the file; its directory must exist
     * @param data not to be changed before the end
     * @param pool writes
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public static Mono<Void> appendFile(Path path, byte[] data, BlockingPool pool) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(data, "data");
        return Io.call(pool, "append", path, () -> WholeFile.append(path, data));
    }

    /**
     * Writes a whole file so that at any time, even after a crash of the machine, it has either its old content or the
     * new one: into a file beside it, forced to the disk, then renamed over it. On an error or cancel the old content
     * stays. The new file has the permissions of the old one and belongs to who writes it; of a symbolic link, what it
     * leads to is replaced.
     *
     * @param path the file; its directory must exist
     * @param data not to be changed before the end
     * @return a cold {@code Mono} that completes when the new content is in its place
     */
    public static Mono<Void> writeFileAtomically(Path path, byte[] data) {
        return writeFileAtomically(path, data, BlockingPool.shared());
    }

    /**
     * The same as {@link #writeFileAtomically(Path, byte[])} on a pool of choice.
     *
     * @param path the file; its directory must exist
     * @param data not to be changed before the end
     * @param pool writes
     * @return a cold {@code Mono} that completes when the new content is in its place
     */
    public static Mono<Void> writeFileAtomically(Path path, byte[] data, BlockingPool pool) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(data, "data");
        return Io.call(pool, "write", path, () -> WholeFile.replace(path, data));
    }

    /**
     * Writes a stream as a whole file: creates it or replaces what is in it. Node analogue: {@code writeFile} with an
     * iterable, or {@code createWriteStream}.
     * <ul>
     *   <li><b>Backpressure</b>: one chunk is requested, and written in a trip of its own, at a time.
     *   <li><b>Cancel</b> or an error of the source: what was written stays, the file is closed.
     * </ul>
     *
     * @param path the file; its directory must exist. It is opened when the first chunk or the end is there
     * @param chunks not to be changed before the next is requested
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public static Mono<Void> writeFile(Path path, Flux<byte[]> chunks) {
        return FileSink.of(
                "write",
                path,
                chunks,
                () -> () -> FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE));
    }

    /**
     * Appends a stream to a file, which it creates if it is not there: otherwise as {@link #writeFile(Path, Flux)}.
     *
     * @param path the file; its directory must exist
     * @param chunks not to be changed before the next is requested
     * @return a cold {@code Mono} that completes when everything was handed to the operating system
     */
    public static Mono<Void> appendFile(Path path, Flux<byte[]> chunks) {
        return FileSink.of(
                "append",
                path,
                chunks,
                () -> () -> FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    /**
     * Writes a stream as a whole file in such a way that others see its old content or all of the new one, even after a
     * crash of the machine: into a file beside it, forced to the disk, then renamed over it. On an error or cancel the old
     * content stays and the file beside it is deleted; at an error this is done when it is signalled. Permissions and links
     * are as of {@link #writeFileAtomically(Path, byte[])}. Otherwise as {@link #writeFile(Path, Flux)}.
     *
     * @param path the file; its directory must exist
     * @param chunks not to be changed before the next is requested
     * @return a cold {@code Mono} that completes when the new content is in its place
     */
    public static Mono<Void> writeFileAtomically(Path path, Flux<byte[]> chunks) {
        return FileSink.of("write", path, chunks, () -> FileSink.replacing(path));
    }

    /**
     * Creates an empty file with a new name that only its owner may read and write. Who asked for it deletes it.
     *
     * @param parent a directory
     * @param prefix of the name, may be empty
     * @param suffix of the name, such as {@code ".txt"}, may be empty
     * @return a cold {@code Mono} of the file, never empty
     */
    public static Mono<Path> createTemp(Path parent, String prefix, String suffix) {
        Objects.requireNonNull(prefix, "prefix");
        Objects.requireNonNull(suffix, "suffix");
        return Io.call("mkstemp", parent, () -> java.nio.file.Files.createTempFile(parent, prefix, suffix));
    }

    /**
     * Sets the length of a file: cuts it, or adds zeros to its end. Node analogue: {@code truncate(path, len)}.
     *
     * @param path the file
     * @param length in bytes, not negative
     * @return a cold {@code Mono} that completes when it is done
     */
    public static Mono<Void> truncate(Path path, long length) {
        Io.notNegative("length", length);
        return Io.call("truncate", path, () -> WholeFile.truncate(path, length));
    }

    /**
     * Reads a file as chunks of 256 KB: see {@link #readChunks(Path, long, long, int, BlockingPool)}.
     *
     * @param path the file
     * @return a cold {@code Flux} of new arrays, the subscriber's
     */
    public static Flux<byte[]> readChunks(Path path) {
        return readChunks(path, 0, Long.MAX_VALUE, Io.CHUNK, BlockingPool.shared());
    }

    /**
     * Reads a range of a file as chunks, one trip to the pool for each.
     * <ul>
     *   <li><b>Backpressure</b>: one chunk is read ahead of the demand, not more.
     *   <li><b>Cancel</b> interrupts the read and closes the file.
     * </ul>
     *
     * @param path the file
     * @param offset of the first byte, not negative; beyond the end there is nothing
     * @param length how many bytes at most, not negative
     * @param chunkSize in bytes, 1 or more; all chunks but the last are of that size
     * @param pool reads
     * @return a cold {@code Flux} of new arrays, the subscriber's
     */
    public static Flux<byte[]> readChunks(Path path, long offset, long length, int chunkSize, BlockingPool pool) {
        Objects.requireNonNull(path, "path");
        if (offset < 0 || length < 0) {
            throw new IllegalArgumentException(
                    "offset and length must not be negative, were " + offset + " and " + length);
        }
        if (chunkSize < 1) {
            throw new IllegalArgumentException("chunkSize must be 1 or more, was " + chunkSize);
        }
        return Pull.of("read", path, pool, () -> FileRange.chunks(path, offset, length, chunkSize));
    }

    /**
     * Reads a range of a file as pooled direct buffers, into which the operating system writes, so that a socket can
     * send them without a copy. Demand and cancel as for {@link #readChunks(Path, long, long, int, BlockingPool)}.
     *
     * <p>The subscriber releases each buffer it receives. Those that were read and not received any more, after a
     * cancel, are released here; operators after this one that hold buffers need
     * {@code doOnDiscard(ByteBuf.class, ByteBuf::release)}, as all of Reactor Netty's. To send a whole file over a plain
     * connection, {@code sendFile} of Reactor Netty does without buffers.
     *
     * @param path the file
     * @param offset of the first byte, not negative; beyond the end there is nothing
     * @param length how many bytes at most, not negative
     * @param chunkSize in bytes, 1 or more; all buffers but the last are of that size
     * @return a cold {@code Flux} of buffers, the subscriber's
     */
    public static Flux<ByteBuf> readBuffers(Path path, long offset, long length, int chunkSize) {
        Objects.requireNonNull(path, "path");
        Io.notNegative("offset", offset);
        Io.notNegative("length", length);
        Io.atLeast("chunkSize", 1, chunkSize);
        return Pull.of("read", path, () -> FileRange.buffers(path, offset, length, chunkSize));
    }

    /**
     * Reads a file as lines of UTF-8 text: see {@link #lines(Path, Charset, BlockingPool)}.
     *
     * @param path the file
     * @return a cold {@code Flux} of lines without their ends
     */
    public static Flux<String> lines(Path path) {
        return lines(path, StandardCharsets.UTF_8, BlockingPool.shared());
    }

    /**
     * The same as {@link #lines(Path, Charset, int, BlockingPool)} with lines of at most 1,048,576 characters.
     *
     * @param path the file
     * @param charset of the text
     * @param pool reads
     * @return a cold {@code Flux} of lines without their ends, read as they are requested
     */
    public static Flux<String> lines(Path path, Charset charset, BlockingPool pool) {
        return lines(path, charset, MAX_LINE, pool);
    }

    /**
     * Reads a file as lines, which end with LF, CR LF or CR; bytes that do not fit become the charset's replacement.
     * Nothing is lost where a chunk ends inside a character. Memory: the lines of one chunk of 256 KB, and one line. A
     * line that is too long is a {@link FileException} with the code {@code EMSGSIZE}, which names the line.
     *
     * @param path the file
     * @param charset of the text
     * @param maxLength of a line in characters, 1 or more
     * @param pool reads
     * @return a cold {@code Flux} of lines without their ends, read as they are requested
     */
    public static Flux<String> lines(Path path, Charset charset, int maxLength, BlockingPool pool) {
        Objects.requireNonNull(charset, "charset");
        Io.atLeast("maxLength", 1, maxLength);
        return lines(readChunks(path, 0, Long.MAX_VALUE, Io.CHUNK, pool), charset, maxLength)
                .onErrorMap(error -> told(error, path));
    }

    /** What went wrong with lines. */
    static Throwable told(Throwable error, Path path) {
        return error instanceof UncheckedIOException unchecked && !(error instanceof FileException)
                ? FileException.of("lines", path, null, Io.cause(unchecked))
                : error;
    }

    static Flux<String> lines(Flux<byte[]> chunks, Charset charset, int maxLength) {
        return Flux.defer(() -> {
            LineSplitter splitter = new LineSplitter(charset, maxLength);
            return chunks.concatMapIterable(splitter::accept, 1)
                    .concatWith(Flux.defer(() -> Flux.fromIterable(splitter.rest())));
        });
    }
}
