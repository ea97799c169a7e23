// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;

/**
 * What one primary holds for its life so that no other has the same control socket: a lock of the system on a file beside it.
 * The file stays, for it cannot be removed without a moment in which two have it; the lock ends with its process.
 */
final class AdminLock implements Disposable {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    /** Of this program: opening such a file a second time, and closing it, would end the lock (POSIX, {@code fcntl(2)}). */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private static final Set<StandardOpenOption> OPTIONS =
            EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    private static final FileAttribute<?> MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path file;
    private final FileChannel channel;

    private AdminLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Blocks. Empty if another has it. */
    static Optional<AdminLock> take(Path socket) throws IOException {
        Path directory = Objects.requireNonNull(socket.getParent(), "checked").toRealPath();
        Path file = directory.resolve(socket.getFileName() + ".lock");
        if (!HELD.add(file)) {
            return Optional.empty();
        }
        AdminLock lock;
        try {
            lock = new AdminLock(file, FileChannel.open(file, OPTIONS, MODE));
        } catch (IOException e) {
            HELD.remove(file);
            throw e;
        }
        try {
            if (lock.channel.tryLock() != null) {
                return Optional.of(lock);
            }
        } catch (IOException e) {
            lock.dispose();
            throw e;
        }
        lock.dispose();
        return Optional.empty();
    }

    @Override
    public boolean isDisposed() {
        return !channel.isOpen();
    }

    @Override
    public void dispose() {
        if (!channel.isOpen()) {
            return;
        }
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("{} cannot be closed", file, e);
        }
        HELD.remove(file);
    }
}
