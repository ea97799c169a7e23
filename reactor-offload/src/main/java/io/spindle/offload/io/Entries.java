// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is in a directory, a batch at a time. */
final class Entries implements Pull.Source<List<Path>> {

    private static final int BATCH = 128;

    private final Stream<Path> stream;
    private final Iterator<Path> iterator;

    private Entries(Stream<Path> stream) {
        this.stream = stream;
        this.iterator = stream.iterator();
    }

    @SuppressWarnings("StreamResourceLeak") // closed by close()
    static Entries list(Path directory) throws IOException {
        return new Entries(Files.list(directory));
    }

    @SuppressWarnings("StreamResourceLeak") // closed by close()
    static Entries walk(Path root, int maxDepth) throws IOException {
        return new Entries(Files.walk(root, maxDepth));
    }

    @Override
    public @Nullable List<Path> next() {
        List<Path> batch = new ArrayList<>();
        while (batch.size() < BATCH && iterator.hasNext()) {
            batch.add(iterator.next());
        }
        return batch.isEmpty() ? null : batch;
    }

    @Override
    public void close() {
        stream.close();
    }
}
