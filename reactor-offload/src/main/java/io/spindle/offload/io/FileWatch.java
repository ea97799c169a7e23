// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.io.FileChange.Kind;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.util.concurrent.Queues;

/** One who watches: its bounded queue of changes, whose last place is for the word that it was too small. */
final class FileWatch {

    static final int CAPACITY = 4096;

    private final Path path;
    private final Path root;
    private final @Nullable Path name; // of the one file that is watched
    private final boolean recursive;
    private final Sinks.Many<FileChange> sink = Sinks.many()
            .unicast()
            .onBackpressureBuffer(Queues.<FileChange>unbounded().get());
    private final AtomicInteger unread = new AtomicInteger();
    private boolean overflowed; // watcher's thread only
    private volatile boolean ended;

    FileWatch(Path path, Path root, @Nullable Path name, boolean recursive) {
        this.path = path;
        this.root = root;
        this.name = name;
        this.recursive = recursive;
    }

    Path root() {
        return root;
    }

    boolean isRecursive() {
        return recursive;
    }

    boolean isEnded() {
        return ended;
    }

    Flux<FileChange> changes() {
        return sink.asFlux().doOnNext(change -> unread.decrementAndGet());
    }

    // watcher's thread only
    void changed(Kind kind, Path changed, Path changedName) {
        if (name != null && !name.equals(changedName)) {
            return;
        }
        if (unread.get() >= CAPACITY) {
            overflow();
            return;
        }
        overflowed = false;
        emit(new FileChange(kind, name == null ? changed : path));
    }

    // watcher's thread only
    void overflow() {
        if (!overflowed) {
            overflowed = true;
            emit(new FileChange(Kind.OVERFLOW, path));
        }
    }

    private void emit(FileChange change) {
        unread.incrementAndGet();
        sink.tryEmitNext(change); // fails only when nobody listens any more
    }

    /** What is watched is gone. */
    void end() {
        ended = true;
        sink.tryEmitComplete();
    }

    void stop() {
        ended = true;
        FileWatcher.remove(this);
    }
}
