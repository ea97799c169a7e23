// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;

/**
 * Something on the disk that is read piece by piece, one trip to the pool for each, and one piece ahead of the demand.
 * It is opened by the first trip and closed by the one that finds the end, or by a trip of its own after a cancel, but
 * never while another is under way.
 */
final class Pull<T> {

    /** What is read. Used by one thread at a time. */
    interface Source<T> extends Closeable {

        /** Reads the next piece; null at the end. */
        @Nullable
        T next() throws IOException;
    }

    /** Opens what is read. */
    interface Opener<T> {
        Source<T> open() throws IOException;
    }

    private static final Logger log = LoggerFactory.getLogger(Files.class);

    private static final int IDLE = 0;
    private static final int BUSY = 1;
    private static final int CLOSING = 2; // busy, and to be closed when it is not any more
    private static final int CLOSED = 3;

    private final String operation;
    private final Path path;
    private final Opener<T> opener;
    private final AtomicInteger state = new AtomicInteger(IDLE);
    private @Nullable Source<T> source; // touched by who made it busy or closed

    private Pull(String operation, Path path, Opener<T> opener) {
        this.operation = operation;
        this.path = path;
        this.opener = opener;
    }

    static <T> Flux<T> of(String operation, Path path, BlockingPool pool, Opener<T> opener) {
        return Flux.using(
                () -> new Pull<>(operation, path, opener),
                pull -> Flux.<Pull<T>>generate(sink -> sink.next(pull))
                        .transform(pool.map(Pull::next, 1))
                        .takeWhile(Optional::isPresent)
                        .map(Optional::orElseThrow),
                pull -> pull.close(pool));
    }

    /** On the pool. */
    private Optional<T> next() {
        if (!state.compareAndSet(IDLE, BUSY)) {
            return Optional.empty(); // cancelled just before
        }
        Optional<T> piece = Optional.empty();
        try {
            piece = Optional.ofNullable(read());
            return piece;
        } catch (IOException error) {
            throw FileException.of(operation, path, error);
        } catch (UncheckedIOException error) {
            IOException cause = error.getCause();
            assert cause != null : "its constructor sees to that";
            throw FileException.of(operation, path, cause);
        } finally {
            if (piece.isEmpty() || !state.compareAndSet(BUSY, IDLE)) {
                closeSource();
            }
        }
    }

    private @Nullable T read() throws IOException {
        Source<T> open = source;
        if (open == null) {
            open = opener.open();
            source = open;
        }
        return open.next();
    }

    private void close(BlockingPool pool) {
        if (state.compareAndSet(BUSY, CLOSING)) {
            return; // the trip that is under way was interrupted and closes it
        }
        if (state.compareAndSet(IDLE, CLOSED) && source != null) {
            pool.run(this::closeSource).subscribe(none -> {}, refused -> closeSource());
        }
    }

    private void closeSource() {
        state.set(CLOSED);
        Source<T> open = source;
        source = null;
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException error) {
            log.debug("[{}] closing failed", path, error);
        }
    }
}
