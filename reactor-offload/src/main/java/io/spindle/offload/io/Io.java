// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.ContextView;

/** Where the operations of this package run, and how their errors are told. */
final class Io {

    /** What is read or written at once, if nobody says otherwise. */
    static final int CHUNK = 256 * 1024;

    private Io() {}

    /** The pool that the subscriber's Context names, else the shared one. */
    static BlockingPool pool(ContextView context) {
        return context.<BlockingPool>getOrEmpty(BlockingPool.class).orElseGet(BlockingPool::shared);
    }

    /** A trip to the pool that the Context names. */
    static <T> Mono<T> call(String operation, Path path, Callable<? extends @Nullable T> work) {
        Objects.requireNonNull(path, "path");
        return Mono.deferContextual(context -> call(pool(context), operation, path, work));
    }

    /** The same for what has a second path. */
    static <T> Mono<T> call(String operation, Path path, Path target, Callable<? extends @Nullable T> work) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(target, "target");
        return Mono.deferContextual(context -> pool(context).call(() -> told(operation, path, target, work)));
    }

    static <T> Mono<T> call(BlockingPool pool, String operation, Path path, Callable<? extends @Nullable T> work) {
        return pool.call(() -> told(operation, path, null, work));
    }

    /** Runs {@code work}, its errors told as ours. */
    static <T> @Nullable T told(
            String operation, Path path, @Nullable Path target, Callable<? extends @Nullable T> work) throws Exception {
        try {
            return work.call();
        } catch (IOException error) {
            throw FileException.of(operation, path, target, error);
        } catch (UncheckedIOException error) {
            throw error instanceof FileException ? error : FileException.of(operation, path, target, cause(error));
        }
    }

    static IOException cause(UncheckedIOException error) {
        IOException cause = error.getCause();
        assert cause != null : "its constructor sees to that";
        return cause;
    }

    /** Closes on the pool; elsewhere if that refuses, but not here: this may be a loop. */
    static Mono<Void> close(BlockingPool pool, Runnable close) {
        return pool.run(close)
                .onErrorResume(refused -> Mono.<Void>fromRunnable(close).subscribeOn(Schedulers.boundedElastic()));
    }

    /** Ends work of many steps between two of them. */
    static void checkInterrupt() throws IOException {
        if (Thread.interrupted()) {
            throw new ClosedByInterruptException();
        }
    }

    static int atLeast(String name, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be " + least + " or more, was " + value);
        }
        return value;
    }

    static long notNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must not be negative, was " + value);
        }
        return value;
    }
}
