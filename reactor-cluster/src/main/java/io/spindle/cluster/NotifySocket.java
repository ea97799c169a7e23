// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.spindle.loop.EventLoop;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;

/**
 * A socket to where a service manager listens. Connected, so that a manager that reads slowly is waited for; if it has
 * closed its end, the next notice connects again to whoever listens there then. Loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class NotifySocket implements Disposable {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final EventLoop loop;
    private final String name;
    private @Nullable EpollDomainDatagramChannel socket;
    private boolean warned; // since it was connected last
    private boolean disposed;

    /**
     * Not yet connected.
     *
     * @param name a path, or behind an at sign the name of an abstract address
     */
    NotifySocket(EventLoop loop, String name) {
        this.loop = loop;
        this.name = name;
    }

    /** Returns whether somebody listens; if nobody does it warns, once. */
    boolean connect() {
        EpollDomainDatagramChannel opened = new EpollDomainDatagramChannel();
        EventLoopGroup group = loop.netty();
        group.register(opened);
        ChannelFuture connected = opened.connect(new DomainSocketAddress(address())); // done at once, on the loop
        if (connected.isSuccess()) {
            socket = opened;
            warned = false;
            return true;
        }
        opened.close();
        if (!warned) {
            warned = true;
            log.warn(
                    "NOTIFY_SOCKET={}: systemd is not told how the cluster is: {}",
                    name,
                    String.valueOf(connected.cause()));
        }
        return false;
    }

    /** The zero byte of an abstract address is written as an at sign. */
    private String address() {
        return name.startsWith("@") ? "\0" + name.substring(1) : name;
    }

    /** Sends one notice, at a second try if the first finds that nobody reads there any more. */
    void send(String notice) {
        send(notice, true);
    }

    private void send(String notice, boolean again) {
        if (disposed || (socket == null && !connect())) {
            return;
        }
        EpollDomainDatagramChannel open = socket;
        assert open != null : "it is connected";
        open.writeAndFlush(Unpooled.copiedBuffer(notice, StandardCharsets.UTF_8))
                .addListener((ChannelFutureListener) written -> {
                    if (!written.isSuccess()) {
                        failed(open, notice, again, written.cause());
                    }
                });
    }

    @SuppressWarnings("ReferenceEquality") // a socket is one object
    private void failed(EpollDomainDatagramChannel broken, String notice, boolean again, Throwable cause) {
        log.debug("systemd was not told {}", notice, cause);
        broken.close();
        if (socket == broken) {
            socket = null;
        }
        if (again) {
            send(notice, false);
        }
    }

    /** Closes it. Idempotent. */
    @Override
    public void dispose() {
        disposed = true;
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }
}
