// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/** A place for a control socket that the user has chosen. */
final class AdminPath {

    private static final int MAX_BYTES = 100; // sun_path has 108 with its end, some systems less
    private static final String USER = "unix:uid";

    private AdminPath() {}

    /** Returns it as an absolute path that a socket can have. */
    static Path check(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        int length = absolute.toString().getBytes(StandardCharsets.UTF_8).length;
        if (absolute.getParent() == null || length >= MAX_BYTES) {
            throw new IllegalArgumentException(
                    "path must be that of a file and have less than " + MAX_BYTES + " bytes, was " + absolute);
        }
        return absolute;
    }

    /**
     * Makes way for a socket: sees to its directory and removes what a killed primary has left. Blocks.
     *
     * @param socket from {@link #check}
     * @return keeps the place from other primaries, of this program and of others, until it is disposed
     * @throws ClusterException if it cannot be there, with a message that says why
     */
    static Disposable prepare(Path socket) {
        Path directory = Objects.requireNonNull(socket.getParent(), "checked");
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            checkPrivate(socket, directory);
            AdminLock lock = AdminLock.take(socket)
                    .orElseThrow(() -> refused(socket, "another primary runs or starts there", null));
            try {
                removeStale(socket);
            } catch (IOException | ClusterException e) {
                lock.dispose();
                throw e;
            }
            return lock;
        } catch (IOException e) {
            throw refused(socket, reason(e), e);
        }
    }

    private static void checkPrivate(Path socket, Path directory) throws IOException {
        Set<PosixFilePermission> allowed = Files.getPosixFilePermissions(directory);
        if (allowed.contains(PosixFilePermission.GROUP_EXECUTE)
                || allowed.contains(PosixFilePermission.OTHERS_EXECUTE)) {
            throw refused(
                    socket,
                    "others may enter " + directory + " (" + PosixFilePermissions.toString(allowed)
                            + "); give it the mode 0700, or name a directory that does not exist yet",
                    null);
        }
        Path ours = Files.createTempFile(directory, "owner", ""); // /proc/self is root's if the JVM has capabilities
        try {
            if (!Files.getAttribute(directory, USER).equals(Files.getAttribute(ours, USER))) {
                throw refused(socket, directory + " is of another user", null);
            }
        } finally {
            Files.deleteIfExists(ours);
        }
    }

    private static void removeStale(Path socket) throws IOException {
        switch (SocketFile.look(socket)) {
            case NOTHING -> {}
            case NO_SOCKET -> throw refused(socket, "there is a file that is no socket", null);
            case LISTENS -> throw refused(socket, "another primary listens there", null);
            case STALE -> Files.deleteIfExists(socket);
        }
    }

    static ClusterException refused(Path socket, String reason, @Nullable Throwable cause) {
        return new ClusterException("the cluster cannot start: no control socket at " + socket + ": " + reason, cause);
    }

    /** Those of files have often nothing but the path for a message. */
    static String reason(IOException e) {
        if (e instanceof FileAlreadyExistsException) {
            return e.getMessage() + " is no directory";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied: " + e.getMessage();
        }
        return String.valueOf(e.getMessage());
    }
}
