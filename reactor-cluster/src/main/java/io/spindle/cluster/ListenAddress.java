// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.NetUtil;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where servers listen, as worker and primary say it: a numeric host and a port, or a path and {@link #NO_PORT}. */
final class ListenAddress {

    /** Beside the path of a Unix-domain socket. */
    static final int NO_PORT = -1;

    private ListenAddress() {}

    /** Returns an absolute path, for the primary may have another directory. */
    static String path(DomainSocketAddress wanted) throws BindException {
        try {
            Path path = Path.of(wanted.path()).toAbsolutePath().normalize();
            if (!wanted.path().isEmpty() && path.getParent() != null) {
                return path.toString();
            }
        } catch (InvalidPathException e) { // also of names in the abstract namespace, which begin with a zero byte
            throw noPath(wanted, e);
        }
        throw noPath(wanted, null);
    }

    private static BindException noPath(DomainSocketAddress wanted, @Nullable Throwable cause) {
        String shown = wanted.path().replace('\0', '@');
        BindException error =
                new BindException("a server of a cluster needs the path of a file, was \"" + shown + "\"");
        error.initCause(cause);
        return error;
    }

    static SocketAddress of(String host, int port) {
        return port == NO_PORT ? new DomainSocketAddress(host) : new InetSocketAddress(host, port);
    }

    /** For messages: {@code host:port}, or the path. */
    static String text(String host, int port) {
        return port == NO_PORT ? host : host + ":" + port;
    }

    /** For status: {@code host:port}, or {@code unix:} and the path. */
    static String show(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? NetUtil.toSocketAddressString(inet) : "unix:" + address;
    }
}
