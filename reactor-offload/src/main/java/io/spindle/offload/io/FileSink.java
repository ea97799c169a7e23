// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A file that is written chunk by chunk, one trip to the pool for each. It is opened by the first trip. It is closed by
 * the last, by the one that fails or was cancelled, or by a trip of its own, but never while another is under way.
 */
final class FileSink {

    /** Where the bytes go, and what becomes of them at the end. */
    interface Destination {

        FileChannel open() throws IOException;

        /** All is written: closes. If it fails, {@link #discard} follows. */
        default void commit(FileChannel channel) throws IOException {
            channel.close();
        }

        /** It failed or was cancelled: closes. */
        default void discard(FileChannel channel) throws IOException {
            channel.close();
        }
    }

    /** What a trip does. */
    private interface Step {
        void run() throws IOException;
    }

    /** A file beside another, renamed over it when all is written and on the disk. */
    private static final class Replacement implements Destination {

        private static final int MAX_LINKS = 40; // as of Linux

        private Path target;
        private Path beside;

        Replacement(Path target) {
            this.target = target;
            this.beside = target;
        }

        /** On the pool: a random name may have to wait for the system's randomness. */
        @Override
        public FileChannel open() throws IOException {
            String temporary = "." + target.getFileName() + "." + UUID.randomUUID() + ".tmp";
            for (int links = 0; java.nio.file.Files.isSymbolicLink(target); links++) {
                if (links == MAX_LINKS) {
                    throw new FileSystemLoopException(target.toString());
                }
                target = target.resolveSibling(java.nio.file.Files.readSymbolicLink(target)); // be it there or not
            }
            beside = target.resolveSibling(temporary);
            Set<PosixFilePermission> permissions = permissions();
            if (permissions == null) {
                return FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            }
            FileChannel channel = FileChannel.open(
                    beside,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(permissions));
            try {
                if (!java.nio.file.Files.getPosixFilePermissions(beside)
                        .equals(permissions)) { // the umask took some away
                    java.nio.file.Files.setPosixFilePermissions(beside, permissions);
                }
            } catch (IOException | RuntimeException error) {
                discard(channel);
                throw error;
            }
            return channel;
        }

        /** Those of the file that is there, if there is one and it has such. */
        private @Nullable Set<PosixFilePermission> permissions() throws IOException {
            PosixFileAttributeView view =
                    java.nio.file.Files.getFileAttributeView(target, PosixFileAttributeView.class);
            try {
                return view == null ? null : view.readAttributes().permissions();
            } catch (NoSuchFileException none) {
                return null;
            }
        }

        @Override
        public void commit(FileChannel channel) throws IOException {
            channel.force(true);
            channel.close();
            java.nio.file.Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
        }

        @Override
        public void discard(FileChannel channel) throws IOException {
            try (channel) {
                java.nio.file.Files.deleteIfExists(beside);
            }
        }
    }

    private static final Logger log = LoggerFactory.getLogger(Files.class);

    private final String operation;
    private final Path path;
    private final Destination destination;
    private final Trips trips = new Trips();
    private @Nullable FileChannel channel; // of the trip, or of who closes

    private FileSink(String operation, Path path, Destination destination) {
        this.operation = operation;
        this.path = path;
        this.destination = destination;
    }

    static Destination replacing(Path path) {
        return new Replacement(path.toAbsolutePath());
    }

    /** Writes on the pool that the Context names, to a destination for each subscription. */
    static Mono<Void> of(String operation, Path path, Flux<byte[]> chunks, Supplier<Destination> destination) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(chunks, "chunks");
        return Mono.deferContextual(context -> {
            BlockingPool pool = Io.pool(context);
            return Mono.usingWhen(
                    Mono.fromSupplier(() -> new FileSink(operation, path, destination.get())),
                    sink -> sink.write(chunks, pool),
                    sink -> Mono.empty(),
                    (sink, error) -> sink.abandon(pool),
                    sink -> sink.abandon(pool));
        });
    }

    private Mono<Void> write(Flux<byte[]> chunks, BlockingPool pool) {
        return chunks.transform(pool.map(chunk -> trip(() -> write(chunk), false), 1))
                .then(pool.run(() -> trip(this::finish, true)));
    }

    /** On the pool. */
    private boolean trip(Step work, boolean last) {
        if (!trips.begin()) {
            return false; // cancelled just before
        }
        boolean failed = true;
        try {
            work.run();
            failed = false;
            return true;
        } catch (IOException error) {
            throw FileException.of(operation, path, null, error);
        } finally {
            if (trips.endAndClose(last || failed)) {
                discard();
            }
        }
    }

    private void write(byte[] chunk) throws IOException {
        WholeFile.writeAll(opened(), chunk);
    }

    private void finish() throws IOException {
        FileChannel open = opened();
        destination.commit(open);
        channel = null;
    }

    private FileChannel opened() throws IOException {
        FileChannel open = channel;
        if (open == null) {
            open = destination.open();
            channel = open;
        }
        return open;
    }

    private Mono<Void> abandon(BlockingPool pool) {
        return Mono.defer(() -> {
            if (!trips.close() || channel == null) {
                return Mono.empty();
            }
            return Io.close(pool, this::discard);
        });
    }

    private void discard() {
        FileChannel open = channel;
        channel = null;
        try {
            if (open != null) {
                destination.discard(open);
            }
        } catch (IOException error) {
            log.debug("[{}] closing failed", path, error);
        }
    }
}
