// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Unix-domain socket that listens, and its file. Netty's own bind removes whatever is at the path, also a socket that
 * somebody listens on; so it is called only where nothing is, and what is there goes only if nobody listens on it.
 *
 * <p>All methods block.
 */
final class SocketFile {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final int MAX_BYTES = 107; // sun_path has 108 with its end, see unix(7)
    private static final int FILE_TYPE = 0170000; // of a mode, see inode(7)
    private static final int SOCKET = 0140000;

    private final Path path;
    private final LinuxSocket socket;
    private final @Nullable Object key;

    /** What is at a path. */
    enum Found {
        NOTHING,
        NO_SOCKET,
        LISTENS,
        /** A socket that its owner has left. */
        STALE
    }

    private SocketFile(Path path, LinuxSocket socket, @Nullable Object key) {
        this.path = path;
        this.socket = socket;
        this.key = key;
    }

    /**
     * Listens. Of several programs of this kind that begin at once one succeeds: they look, remove and bind one after the
     * other, under the lock of a file that is there as long.
     *
     * @param path absolute
     * @throws BindException if somebody listens there
     * @throws IOException if it cannot be, with a message in plain words
     */
    static SocketFile listen(Path path, int backlog) throws IOException {
        int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_BYTES) {
            throw new IOException("the path of a socket has at most " + MAX_BYTES + " bytes, this one " + length);
        }
        try (Turn turn = Turn.take(path)) {
            turn.makeWay();
            return turn.bind(backlog);
        } catch (NoSuchFileException e) {
            throw new IOException("no such directory", e);
        } catch (AccessDeniedException e) {
            throw new IOException("permission denied", e);
        }
    }

    private static BindException inUse() {
        return new BindException("Address already in use");
    }

    /** Of any error but a refusal it is not known that nobody listens, so that is thrown. */
    static Found look(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return Found.NOTHING;
        }
        int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if ((mode & FILE_TYPE) != SOCKET) {
            return Found.NO_SOCKET;
        }
        try (SocketChannel other = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.configureBlocking(false); // one that accepts nobody is an error, not a wait
            other.connect(UnixDomainSocketAddress.of(path));
            return Found.LISTENS;
        } catch (ConnectException nobodyListens) {
            return Found.STALE;
        } catch (SocketException e) {
            if (String.valueOf(e.getMessage()).contains("temporarily unavailable")) {
                return Found.LISTENS; // EAGAIN: its backlog is full
            }
            throw e;
        }
    }

    /** Which file that is, whatever its name; null if there is none. */
    private static @Nullable Object key(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** The number of the socket, which is its taker's to close. */
    int descriptor() {
        return socket.intValue();
    }

    /**
     * Removes the file. To be called before the socket is closed, while no other of our kind takes it for stale.
     *
     * @return false if it has gone, or another has taken its place
     */
    boolean remove() throws IOException {
        return Objects.equals(key, key(path)) && Files.deleteIfExists(path);
    }

    /** The turn of one who begins to listen at a path. */
    private record Turn(Path path, Path file, AdminLock lock) implements AutoCloseable {

        static Turn take(Path path) throws IOException {
            Path file = path.resolveSibling(path.getFileName() + ".lock");
            while (true) {
                Object before = key(file);
                AdminLock lock = AdminLock.take(path).orElseThrow(SocketFile::inUse);
                if (before != null && before.equals(key(file))) {
                    return new Turn(path, file, lock);
                }
                lock.dispose(); // it is new, or its last owner has removed it: the lock may be on a file without a name
            }
        }

        void makeWay() throws IOException {
            switch (look(path)) {
                case NOTHING -> {}
                case NO_SOCKET -> throw new IOException("there is a file that is no socket");
                case LISTENS -> throw inUse();
                case STALE -> Files.deleteIfExists(path);
            }
        }

        SocketFile bind(int backlog) throws IOException {
            Epoll.ensureAvailability();
            LinuxSocket socket = LinuxSocket.newSocketDomain();
            try {
                socket.bind(new DomainSocketAddress(path.toString()));
                socket.listen(backlog);
                return new SocketFile(path, socket, key(path));
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        }

        @Override
        public void close() {
            try {
                Files.deleteIfExists(file); // while nobody else has it
            } catch (IOException e) {
                log.debug("{} cannot be removed", file, e);
            }
            lock.dispose();
        }
    }
}
