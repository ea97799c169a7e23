// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Files, read and written on a {@link BlockingPool}, whole or as streams. Node analogue: {@code fs/promises}.
 *
 * <p>What reads or writes content comes twice: without a pool it uses {@link BlockingPool#shared()}, as the others do.
 * For all of them:
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

    private static final int DEFAULT_CHUNK = 256 * 1024;

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
        return call(pool, "read", path, () -> WholeFile.read(path));
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
        return call(pool, "read", path, () -> new String(WholeFile.read(path), charset));
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
        return call(pool, "write", path, () -> WholeFile.write(path, data));
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
        return call(pool, "write", path, () -> WholeFile.write(path, text.getBytes(charset)));
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
        return call(pool, "append", path, () -> WholeFile.append(path, data));
    }

    /**
     * Writes a whole file so that at any time, even after a crash of the machine, it has either its old content or the
     * new one: into a file beside it, forced to the disk, then renamed over it. On an error or cancel the old content
     * stays.
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
        return call(pool, "write", path, () -> WholeFile.replace(path, data));
    }

    /**
     * Reads a file as chunks of 256 KB: see {@link #readChunks(Path, long, long, int, BlockingPool)}.
     *
     * @param path the file
     * @return a cold {@code Flux} of new arrays, the subscriber's
     */
    public static Flux<byte[]> readChunks(Path path) {
        return readChunks(path, 0, Long.MAX_VALUE, DEFAULT_CHUNK, BlockingPool.shared());
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
        return Pull.of("read", path, pool, () -> FileChunks.open(path, offset, length, chunkSize));
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
     * Reads a file as lines, which end with LF, CR LF or CR; bytes that do not fit become the
     * charset's replacement. Nothing is lost where a chunk ends inside a character. Memory: the lines of one chunk of
     * 256 KB, and the longest line.
     *
     * @param path the file
     * @param charset of the text
     * @param pool reads
     * @return a cold {@code Flux} of lines without their ends, read as they are requested
     */
    public static Flux<String> lines(Path path, Charset charset, BlockingPool pool) {
        Objects.requireNonNull(charset, "charset");
        return lines(readChunks(path, 0, Long.MAX_VALUE, DEFAULT_CHUNK, pool), charset);
    }

    static Flux<String> lines(Flux<byte[]> chunks, Charset charset) {
        return Flux.defer(() -> {
            LineSplitter splitter = new LineSplitter(charset);
            return chunks.concatMapIterable(splitter::accept, 1)
                    .concatWith(Flux.defer(() -> Flux.fromIterable(splitter.rest())));
        });
    }

    /**
     * Lists what is in a directory, in no order, read in batches as they are requested. Node analogue: {@code opendir}.
     *
     * @param directory not its subdirectories
     * @return a cold {@code Flux} of paths that begin with {@code directory}
     */
    public static Flux<Path> list(Path directory) {
        Objects.requireNonNull(directory, "directory");
        return Pull.of("list", directory, BlockingPool.shared(), () -> Entries.list(directory))
                .concatMapIterable(batch -> batch, 1);
    }

    /**
     * Walks a tree, directories before what is in them, read in batches as they are requested. Links are not followed.
     *
     * @param root the first that is emitted
     * @param maxDepth 0 for the root alone, or more
     * @return a cold {@code Flux} of paths that begin with {@code root}
     */
    public static Flux<Path> walk(Path root, int maxDepth) {
        Objects.requireNonNull(root, "root");
        if (maxDepth < 0) {
            throw new IllegalArgumentException("maxDepth must not be negative, was " + maxDepth);
        }
        return Pull.of("walk", root, BlockingPool.shared(), () -> Entries.walk(root, maxDepth))
                .concatMapIterable(batch -> batch, 1);
    }

    /**
     * Reads the attributes of a file; a link is followed. Node analogue: {@code stat}.
     *
     * @param path of a file, directory or link
     * @return a cold {@code Mono} of the attributes as they were then, never empty
     */
    public static Mono<BasicFileAttributes> stat(Path path) {
        Objects.requireNonNull(path, "path");
        return call(
                BlockingPool.shared(),
                "stat",
                path,
                () -> java.nio.file.Files.readAttributes(path, BasicFileAttributes.class));
    }

    /**
     * Copies a file, over what is there. Node analogue: {@code copyFile}.
     *
     * @param source a file
     * @param target its new copy
     * @return a cold {@code Mono} that completes when it is copied
     */
    public static Mono<Void> copy(Path source, Path target) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(target, "target");
        return call(
                        BlockingPool.shared(),
                        "copy",
                        source,
                        () -> java.nio.file.Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING))
                .then();
    }

    /**
     * Moves a file or directory within a file system, over a file that is there, in one step. Node analogue:
     * {@code rename}.
     *
     * @param source what is moved
     * @param target its new path
     * @return a cold {@code Mono} that completes when it is moved
     */
    public static Mono<Void> move(Path source, Path target) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(target, "target");
        return call(
                        BlockingPool.shared(),
                        "move",
                        source,
                        () -> java.nio.file.Files.move(source, target, StandardCopyOption.ATOMIC_MOVE))
                .then();
    }

    /**
     * Deletes a file or an empty directory. Node analogue: {@code unlink} and {@code rmdir}.
     *
     * @param path it must exist
     * @return a cold {@code Mono} that completes when it is gone
     */
    public static Mono<Void> delete(Path path) {
        Objects.requireNonNull(path, "path");
        return call(BlockingPool.shared(), "delete", path, () -> {
            java.nio.file.Files.delete(path);
            return null;
        });
    }

    /**
     * Creates a directory and those above it; one that is there already is no error. Node analogue: {@code mkdir} with
     * {@code recursive}.
     *
     * @param directory to be there in the end
     * @return a cold {@code Mono} that completes when it is there
     */
    public static Mono<Void> createDirectories(Path directory) {
        Objects.requireNonNull(directory, "directory");
        return call(BlockingPool.shared(), "mkdir", directory, () -> java.nio.file.Files.createDirectories(directory))
                .then();
    }

    /**
     * Creates an empty directory with a new name, for the user alone. Node analogue: {@code mkdtemp}.
     *
     * @param parent it must exist
     * @param prefix with which its name begins
     * @return a cold {@code Mono} of its path, the subscriber's to delete; never empty
     */
    public static Mono<Path> createTempDirectory(Path parent, String prefix) {
        Objects.requireNonNull(parent, "parent");
        Objects.requireNonNull(prefix, "prefix");
        return call(
                BlockingPool.shared(),
                "mkdtemp",
                parent,
                () -> java.nio.file.Files.createTempDirectory(parent, prefix));
    }

    private static <T> Mono<T> call(
            BlockingPool pool, String operation, Path path, Callable<? extends @Nullable T> work) {
        return pool.call(() -> {
            try {
                return work.call();
            } catch (IOException error) {
                throw FileException.of(operation, path, error);
            }
        });
    }
}
