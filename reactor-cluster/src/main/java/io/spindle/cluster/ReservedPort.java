// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.epoll.LinuxSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port that is kept for sockets of the workers: bound, so that nobody else gets it while none of them lives, but it does
 * not listen, so that the kernel gives it no connection.
 */
final class ReservedPort {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final Path MIGRATES = Path.of("/proc/sys/net/ipv4/tcp_migrate_req");

    private final LinuxSocket socket = LinuxSocket.newSocketStream();

    InetSocketAddress bind(InetSocketAddress wanted) throws IOException {
        socket.setReusePort(true);
        socket.bind(wanted);
        return socket.localAddress();
    }

    void close() {
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("cannot close a reserved port", e);
        }
    }

    /** Blocks: it reads a file. */
    static void warnIfConnectionsAreLost() {
        try {
            if (!Files.readString(MIGRATES).strip().equals("0")) {
                return;
            }
        } catch (IOException e) {
            log.debug("this kernel cannot migrate connections", e);
        }
        log.warn("with SO_REUSEPORT connections that wait for a worker are reset when it ends: "
                + "set net.ipv4.tcp_migrate_req=1, or use Listening.shared()");
    }
}
