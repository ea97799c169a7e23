// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.netty.util.ReferenceCountUtil;
import io.spindle.offload.BlockingPool;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
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

    private final String operation;
    private final Path path;
    private final Opener<T> opener;
    private final Trips trips = new Trips();
    private @Nullable Source<T> source; // of the trip, or of who closes

    private Pull(String operation, Path path, Opener<T> opener) {
        this.operation = operation;
        this.path = path;
        this.opener = opener;
    }

    /** Pulls on the pool that the Context names. */
    static <T> Flux<T> of(String operation, Path path, Opener<T> opener) {
        return Flux.deferContextual(context -> of(operation, path, Io.pool(context), opener));
    }

    static <T> Flux<T> of(String operation, Path path, BlockingPool pool, Opener<T> opener) {
        return Flux.using(
                () -> new Pull<>(operation, path, opener),
                pull -> Flux.<Pull<T>>generate(sink -> sink.next(pull))
                        .transform(pool.map(Pull::next, 1))
                        .doOnDiscard(Optional.class, Pull::release)
                        .takeWhile(Optional::isPresent)
                        .map(Optional::orElseThrow),
                pull -> pull.close(pool));
    }

    private static void release(Optional<?> piece) {
        piece.ifPresent(ReferenceCountUtil::safeRelease);
    }

    /** On the pool. */
    private Optional<T> next() {
        if (!trips.begin()) {
            return Optional.empty(); // cancelled just before
        }
        Optional<T> piece = Optional.empty();
        try {
            piece = Optional.ofNullable(read());
            return piece;
        } catch (IOException error) {
            throw FileException.of(operation, path, null, error);
        } catch (UncheckedIOException error) {
            throw FileException.of(operation, path, null, Io.cause(error));
        } finally {
            if (trips.endAndClose(piece.isEmpty())) {
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
        if (trips.close() && source != null) {
            Io.close(pool, this::closeSource).subscribe();
        }
    }

    private void closeSource() {
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
