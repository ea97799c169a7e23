// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/**
 * An open file, whoever has its handle, and the operations on it: no cancel interrupts one, since that would close the
 * channel under all others; it takes back what waits for a thread, and drops the result of what runs. Only the end of the
 * loop that one was asked for on, or of the pool, interrupts. It is closed when the last of them has ended.
 */
final class OpenFile {

    /** What is done with the channel, on the pool. */
    interface Work<T> {
        @Nullable
        T run(FileChannel channel) throws IOException;
    }

    private final Path path;
    private final FileChannel channel;

    /** Loops come here too: a contended lock would park them, a monitor is held for a few instructions. */
    private final Object monitor = new Object();

    private final Sinks.Empty<Void> closed = Sinks.empty();
    private @Nullable FileHandle owner; // this and the next three: guarded by the monitor
    private int pending;
    private boolean closing;
    private boolean closeTaken;

    OpenFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    Path path() {
        return path;
    }

    /** Gives the file to a handle. */
    FileHandle ownedBy(FileHandle handle) {
        synchronized (monitor) {
            owner = handle;
            return handle;
        }
    }

    /**
     * Takes the file from a handle.
     *
     * @throws IllegalStateException if it is not this handle's, is closed, or an operation is not done
     */
    void disown(FileHandle handle) {
        synchronized (monitor) {
            checkOwner(handle);
            if (closing || pending > 0) {
                throw new IllegalStateException("the handle of " + path + " cannot be transferred: "
                        + (closing ? "it is closed" : pending + " operations are not done"));
            }
            owner = null;
        }
    }

    @SuppressWarnings("ReferenceEquality") // a handle is one object
    private void checkOwner(FileHandle handle) {
        if (owner != handle) {
            throw new IllegalStateException("the handle of " + path + " was transferred: it is unusable");
        }
    }

    boolean isClosing() {
        synchronized (monitor) {
            return closing || !channel.isOpen(); // which an interrupt closed
        }
    }

    /** One operation, on the pool that the Context names. */
    <T> Mono<T> operation(FileHandle handle, String name, Work<T> work) {
        return Mono.deferContextual(context -> {
            begin(handle, name);
            BlockingPool pool = Io.pool(context);
            return Mono.create(sink -> submit(pool, name, work, sink));
        });
    }

    private <T> void submit(BlockingPool pool, String name, Work<T> work, MonoSink<T> sink) {
        AtomicBoolean taken = new AtomicBoolean(); // by the pool's thread, by a cancel or by a refusal
        var call = pool.<T>call(() -> taken.compareAndSet(false, true) ? run(name, work) : null)
                .contextWrite(sink.contextView())
                .subscribe(
                        sink::success,
                        error -> {
                            if (taken.compareAndSet(false, true)) {
                                takenBack(pool);
                            }
                            sink.error(error);
                        },
                        sink::success);
        sink.onCancel(() -> {
            if (taken.compareAndSet(false, true)) {
                call.dispose();
                takenBack(pool);
            }
        });
    }

    private <T> @Nullable T run(String name, Work<T> work) throws Exception {
        try {
            return Io.told(name, path, null, () -> work.run(channel));
        } finally {
            if (endAndTakeClose()) {
                closeNow();
            }
        }
    }

    private void begin(FileHandle handle, String operation) {
        synchronized (monitor) {
            checkOwner(handle);
            if (closing) {
                throw FileException.of(operation, path, null, new ClosedChannelException());
            }
            pending++;
        }
    }

    private void takenBack(BlockingPool pool) {
        if (endAndTakeClose()) {
            Io.close(pool, this::closeNow).subscribe();
        }
    }

    /** Returns whether the caller has to close: who ends the last one does. */
    private boolean endAndTakeClose() {
        synchronized (monitor) {
            pending--;
            return takeClose();
        }
    }

    /** Closes once nothing is pending any more, and completes then. */
    Mono<Void> close(FileHandle handle) {
        return Mono.deferContextual(context -> {
            synchronized (monitor) {
                checkOwner(handle);
                closing = true;
            }
            if (takeClose()) {
                Io.close(Io.pool(context), this::closeNow).subscribe();
            }
            return io.spindle.loop.EventLoop.onCurrent(closed.asMono());
        });
    }

    private boolean takeClose() {
        synchronized (monitor) {
            boolean mine = closing && pending == 0 && !closeTaken;
            closeTaken |= mine;
            return mine;
        }
    }

    private void closeNow() {
        try {
            channel.close();
            closed.tryEmitEmpty();
        } catch (IOException error) {
            closed.tryEmitError(FileException.of("close", path, null, error));
        }
    }
}
