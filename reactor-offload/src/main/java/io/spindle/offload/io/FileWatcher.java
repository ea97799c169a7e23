// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.io.FileChange.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that waits for the changes of all files that are watched, and tells those who watch. It is started by the
 * first of them and ends with the last. A directory that several watch is registered once.
 */
final class FileWatcher implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(Directories.class);

    private static final ReentrantLock LOCK = new ReentrantLock();
    private static @Nullable FileWatcher current; // guarded by LOCK

    private static final WatchEvent.Kind<?>[] KINDS = {
        StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_DELETE
    };

    private final WatchService service;
    private final Map<WatchKey, List<FileWatch>> watches = new ConcurrentHashMap<>();

    private FileWatcher(WatchService service) {
        this.service = service;
    }

    /** Begins to watch. Blocks while it walks the tree. */
    static FileWatch add(Path path, boolean recursive) throws IOException {
        boolean directory = Files.isDirectory(path);
        Path parent = path.toAbsolutePath().getParent();
        Path root = directory || parent == null ? path : parent;
        if (!directory && !Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new java.nio.file.NoSuchFileException(path.toString());
        }
        FileWatch watch = new FileWatch(path, root, directory ? null : path.getFileName(), recursive);
        LOCK.lock();
        try {
            FileWatcher watcher = running();
            try {
                watcher.register(root, watch);
            } catch (IOException | UncheckedIOException error) {
                watcher.forget(watch);
                throw error;
            }
        } finally {
            LOCK.unlock();
        }
        return watch;
    }

    private static FileWatcher running() throws IOException {
        FileWatcher running = current;
        if (running == null) {
            running = new FileWatcher(FileSystems.getDefault().newWatchService());
            Thread thread = new Thread(running, "spindle-file-watcher");
            thread.setDaemon(true);
            try {
                thread.start();
            } catch (Throwable noThread) {
                running.service.close();
                throw noThread;
            }
            current = running;
        }
        return running;
    }

    static void remove(FileWatch watch) {
        LOCK.lock();
        try {
            if (current != null) {
                current.forget(watch);
            }
        } finally {
            LOCK.unlock();
        }
    }

    /** Under the lock. */
    private void forget(FileWatch watch) {
        watches.forEach((key, those) -> {
            if (those.remove(watch) && those.isEmpty()) {
                key.cancel();
                watches.remove(key);
            }
        });
        if (watches.isEmpty()) {
            current = null;
            try {
                service.close();
            } catch (IOException error) {
                log.debug("closing the watch service failed", error);
            }
        }
    }

    /** Under the lock. */
    private void register(Path directory, FileWatch watch) throws IOException {
        if (!watch.isRecursive()) {
            registerOne(directory, watch);
            return;
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path each : (Iterable<Path>) tree::iterator) {
                if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)) {
                    registerOne(each, watch);
                }
            }
        }
    }

    private void registerOne(Path directory, FileWatch watch) throws IOException {
        List<FileWatch> those =
                watches.computeIfAbsent(directory.register(service, KINDS), key -> new CopyOnWriteArrayList<>());
        if (!those.contains(watch)) {
            those.add(watch);
        }
    }

    @Override
    public void run() {
        try {
            while (true) {
                handle(service.take());
            }
        } catch (ClosedWatchServiceException | InterruptedException end) {
            log.debug("nothing is watched any more");
        }
    }

    private void handle(WatchKey key) {
        List<FileWatch> those = watches.getOrDefault(key, List.of());
        Path directory = (Path) key.watchable();
        for (WatchEvent<?> event : key.pollEvents()) {
            for (FileWatch watch : those) {
                if (event.context() instanceof Path name) {
                    changed(watch, kind(event.kind()), directory.resolve(name), name);
                } else {
                    watch.overflow();
                }
            }
        }
        if (!key.reset()) {
            watches.remove(key); // the directory is gone
            those.stream().filter(watch -> watch.root().equals(directory)).forEach(FileWatch::end);
        }
    }

    private static Kind kind(WatchEvent.Kind<?> kind) {
        if (StandardWatchEventKinds.ENTRY_CREATE.equals(kind)) {
            return Kind.CREATED;
        }
        return StandardWatchEventKinds.ENTRY_DELETE.equals(kind) ? Kind.DELETED : Kind.MODIFIED;
    }

    private void changed(FileWatch watch, Kind kind, Path path, Path name) {
        watch.changed(kind, path, name);
        if (kind == Kind.CREATED && watch.isRecursive() && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            addTree(watch, path);
        }
    }

    /** What was put into a new directory before it was registered would else go unseen. */
    private void addTree(FileWatch watch, Path directory) {
        LOCK.lock();
        try (Stream<Path> tree = Files.walk(directory)) {
            if (!watch.isEnded()) {
                register(directory, watch);
                tree.skip(1).forEach(path -> watch.changed(Kind.CREATED, path, path.getFileName()));
            }
        } catch (IOException | UncheckedIOException | ClosedWatchServiceException error) {
            log.debug("[{}] a new directory has gone before it could be watched", directory, error);
            watch.overflow();
        } finally {
            LOCK.unlock();
        }
    }
}
