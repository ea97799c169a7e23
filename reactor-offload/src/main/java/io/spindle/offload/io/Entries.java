// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is in a directory, a batch at a time. */
final class Entries<T> implements Pull.Source<List<T>> {

    /** Makes of a path what is emitted; null leaves it out. */
    interface Mapper<T> {
        @Nullable
        T map(Path path) throws IOException;
    }

    private static final int BATCH = 128;

    private final Stream<Path> stream;
    private final Iterator<Path> iterator;
    private final Mapper<T> mapper;

    private Entries(Stream<Path> stream, Mapper<T> mapper) {
        this.stream = stream;
        this.iterator = stream.iterator();
        this.mapper = mapper;
    }

    @SuppressWarnings("StreamResourceLeak") // closed by close()
    static Entries<Path> list(Path directory) throws IOException {
        return new Entries<>(Files.list(directory), path -> path);
    }

    @SuppressWarnings("StreamResourceLeak") // closed by close()
    static <T> Entries<T> walk(Path root, int maxDepth, Mapper<T> mapper) throws IOException {
        return new Entries<>(Files.walk(root, maxDepth), mapper);
    }

    /** Each path with its attributes, save the root and what was deleted meanwhile. */
    static Mapper<Directories.Entry> withAttributes(Path root) {
        return path -> {
            if (path.equals(root)) {
                return null;
            }
            try {
                return new Directories.Entry(
                        path, Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
            } catch (NoSuchFileException gone) {
                return null;
            }
        };
    }

    static Mapper<Path> matching(Path root, PathMatcher matcher) {
        return path -> !path.equals(root) && matcher.matches(root.relativize(path)) ? path : null;
    }

    @Override
    public @Nullable List<T> next() throws IOException {
        List<T> batch = new ArrayList<>();
        for (int looked = 0; iterator.hasNext() && (looked < BATCH || batch.isEmpty()); looked++) {
            Io.checkInterrupt();
            T entry = mapper.map(iterator.next());
            if (entry != null) {
                batch.add(entry);
            }
        }
        return batch.isEmpty() ? null : batch;
    }

    @Override
    public void close() {
        stream.close();
    }
}
