// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.loop.EventLoop;
import java.nio.file.CopyOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Directories and trees: made, listed, walked, searched, copied, deleted and watched, on the pool that {@link Files}
 * uses and with its rules. Node analogue: {@code mkdir}, {@code mkdtemp}, {@code readdir}, {@code opendir},
 * {@code glob}, {@code cp}, {@code rm} and {@code watch} of {@code fs/promises}.
 *
 * @since 0.1.0
 */
public final class Directories {

    private static final int WATCH_PREFETCH = 16;

    private Directories() {}

    /**
     * What is in a directory, with what it is. Node analogue: {@code Dirent}.
     *
     * @param path begins with the directory that was listed
     * @param attributes as they were when it was read; of a link, not of what it leads to
     */
    public record Entry(Path path, BasicFileAttributes attributes) {}

    /**
     * Lists what is in a directory, in no order, read in batches as they are requested. Node analogue: {@code opendir}.
     *
     * @param directory not its subdirectories
     * @return a cold {@code Flux} of paths that begin with {@code directory}
     */
    public static Flux<Path> list(Path directory) {
        Objects.requireNonNull(directory, "directory");
        return Pull.of("list", directory, () -> Entries.list(directory)).concatMapIterable(batch -> batch, 1);
    }

    /**
     * Lists what is in a directory, and in those below, with its attributes. What is deleted meanwhile is left out.
     * Node analogue: {@code readdir} with {@code withFileTypes} and {@code recursive}.
     *
     * @param directory is not emitted itself
     * @param maxDepth 1 for the directory alone, or more
     * @return a cold {@code Flux} of entries, read in batches as they are requested
     */
    public static Flux<Entry> entries(Path directory, int maxDepth) {
        Objects.requireNonNull(directory, "directory");
        Io.atLeast("maxDepth", 1, maxDepth);
        return Pull.of("list", directory, () -> Entries.walk(directory, maxDepth, Entries.withAttributes(directory)))
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
        Io.atLeast("maxDepth", 0, maxDepth);
        return Pull.of("walk", root, () -> Entries.walk(root, maxDepth, path -> path))
                .concatMapIterable(batch -> batch, 1);
    }

    /**
     * Searches a tree for paths of a form, such as {@code **}{@code /*.{java,md}}. Links are not followed. Node
     * analogue: {@code glob}; the syntax is that of {@link java.nio.file.FileSystem#getPathMatcher}, in which
     * {@code **}{@code /} stands for one directory or more.
     *
     * @param root where it begins; not emitted itself
     * @param pattern compared with paths relative to {@code root}
     * @return a cold {@code Flux} of paths that begin with {@code root}, searched as they are requested
     * @throws java.util.regex.PatternSyntaxException if the pattern is none
     */
    public static Flux<Path> glob(Path root, String pattern) {
        PathMatcher matcher = root.getFileSystem().getPathMatcher("glob:" + Objects.requireNonNull(pattern, "pattern"));
        return Pull.of("glob", root, () -> Entries.walk(root, Integer.MAX_VALUE, Entries.matching(root, matcher)))
                .concatMapIterable(batch -> batch, 1);
    }

    /**
     * Creates a directory. Node analogue: {@code mkdir}.
     *
     * @param directory must not be there; the one above it must
     * @return a cold {@code Mono} that completes when it is there
     */
    public static Mono<Void> create(Path directory) {
        return Io.call("mkdir", directory, () -> java.nio.file.Files.createDirectory(directory))
                .then();
    }

    /**
     * Creates a directory and those above it; one that is there already is no error. Node analogue: {@code mkdir} with
     * {@code recursive}.
     *
     * @param directory to be there in the end
     * @return a cold {@code Mono} of the first directory that was created, empty if all were there
     */
    public static Mono<Path> createAll(Path directory) {
        return Io.call("mkdir", directory, () -> Trees.create(directory));
    }

    /**
     * Creates an empty directory with a new name, for the user alone. Node analogue: {@code mkdtemp}.
     *
     * @param parent it must exist
     * @param prefix with which its name begins
     * @return a cold {@code Mono} of its path, the subscriber's to delete; never empty
     */
    public static Mono<Path> createTemp(Path parent, String prefix) {
        Objects.requireNonNull(prefix, "prefix");
        return Io.call("mkdtemp", parent, () -> java.nio.file.Files.createTempDirectory(parent, prefix));
    }

    /**
     * Creates an empty directory as {@link #createTemp} does, and deletes it with all that is in it when what uses it
     * has ended, failed or was cancelled. Node analogue: {@code mkdtempDisposable}.
     *
     * @param parent it must exist
     * @param prefix with which its name begins
     * @param use is given the directory, once for each subscription
     * @return a cold {@code Flux} of what {@code use} emits; completes when the directory is gone
     */
    public static <T> Flux<T> withTemp(
            Path parent, String prefix, Function<? super Path, ? extends Publisher<? extends T>> use) {
        return Flux.usingWhen(
                createTemp(parent, prefix),
                use,
                Directories::deleteAll,
                (directory, error) -> deleteAll(directory).onErrorResume(second -> {
                    error.addSuppressed(second);
                    return Mono.empty();
                }),
                Directories::deleteAll);
    }

    /**
     * Deletes a file, or a directory with all that is in it; links are deleted, not what they lead to. Node analogue:
     * {@code rm} with {@code recursive} and {@code force}. Cancel stops between two files.
     *
     * @param path need not exist
     * @return a cold {@code Mono} of whether there was something to delete, never empty
     */
    public static Mono<Boolean> deleteAll(Path path) {
        return Io.call("delete", path, () -> Trees.delete(path));
    }

    /**
     * Copies a file, or a directory with all that is in it, into what is there. Node analogue: {@code cp} with
     * {@code recursive}. Cancel stops between two files; what was copied stays.
     *
     * @param source a file or a directory
     * @param target its copy; may exist, must not be inside {@code source}
     * @param options {@code REPLACE_EXISTING} for files that are there, which are errors otherwise,
     *     {@code COPY_ATTRIBUTES}, and {@code NOFOLLOW_LINKS} to copy links as links
     * @return a cold {@code Mono} that completes when everything is copied
     */
    public static Mono<Void> copyAll(Path source, Path target, CopyOption... options) {
        List<CopyOption> chosen = List.of(options);
        return Io.call("copy", source, target, () -> {
            Trees.copy(source, target, chosen);
            return null;
        });
    }

    /**
     * Watches a file or directory. Node analogue: {@code watch} of {@code fs/promises}. All who watch share one thread.
     * <ul>
     *   <li><b>Signals on</b> the event loop it was subscribed on, else on {@code Schedulers.parallel()}.
     *   <li><b>Backpressure</b>: 4,096 changes are kept; those beyond are dropped and told of by one
     *       {@link FileChange.Kind#OVERFLOW}. The operating system may join changes that follow closely.
     *   <li><b>Cancel</b> ends the watching.
     *   <li><b>Errors</b> with {@link FileException} if it does not exist or the system has no watches left.
     * </ul>
     *
     * @param path of a directory, for all that is in it, or of a file
     * @param recursive whether the directories in it are watched too, those that are made later included
     * @return a {@code Flux} of the changes from a moment after the subscription on; completes only if what is watched
     *     is deleted
     */
    public static Flux<FileChange> watch(Path path, boolean recursive) {
        Flux<FileChange> changes = Flux.usingWhen(
                Io.call("watch", path, () -> FileWatcher.add(path, recursive))
                        .doOnDiscard(
                                FileWatch.class, watch -> unwatch(path, watch).subscribe()),
                FileWatch::changes,
                watch -> unwatch(path, watch));
        return Flux.defer(() -> {
            EventLoop loop = EventLoop.current();
            return loop == null
                    ? changes.publishOn(Schedulers.parallel(), WATCH_PREFETCH)
                    : loop.adopt(changes, WATCH_PREFETCH);
        });
    }

    /** On the pool: it may wait for a tree that is walked meanwhile. */
    private static Mono<Void> unwatch(Path path, FileWatch watch) {
        return Io.call("unwatch", path, () -> {
            watch.stop();
            return null;
        });
    }
}
