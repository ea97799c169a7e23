// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Whole files, read and written on a {@link BlockingPool}. Node analogue: {@code fs/promises}.
 *
 * <p>Each method comes twice: without a pool it uses {@link BlockingPool#shared()}. For all of them:
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
