// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directory of a primary that was killed: its workers remove it, for nobody else will. */
final class Abandoned {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private Abandoned() {}

    /** Blocks. Leaves everything in place if somebody still listens there. */
    static void remove(Role role) {
        Path socket = role.invitation().socket();
        try (SocketChannel alive = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            log.debug("the primary is alive at {}", alive);
        } catch (IOException nobodyListens) {
            try {
                Files.deleteIfExists(socket);
                Files.deleteIfExists(socket.resolveSibling(AdminSocket.NAME));
                Files.deleteIfExists(Objects.requireNonNull(socket.getParent(), "a socket is in a directory"));
            } catch (IOException e) {
                log.debug("another worker was faster, or {} cannot be removed", socket, e);
            }
        }
    }
}
