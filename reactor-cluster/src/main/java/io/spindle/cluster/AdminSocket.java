// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.spindle.loop.EventLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The control socket of a primary, see {@link PrimarySpec#controlSocket}. Whoever connects asks one thing and is answered, see
 * {@link AdminSession}. Loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class AdminSocket {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    /** Its name in the private directory of a primary. */
    static final String NAME = "control";

    /** How long a client may take for its request, and again for taking the answer. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    /** How many are served at once. */
    static final int MAX_SESSIONS = 16;

    /** How many are connected at once: above the former they are told why they are not served. */
    static final int MAX_GUESTS = 64;

    private static final int ROOT = 0;

    private final EventLoop loop;
    private final Path path;
    private final AdminCommands commands;
    private final Duration patience;
    private final BiPredicate<Integer, Integer> isAllowed;
    private final EpollServerDomainSocketChannel listener = new EpollServerDomainSocketChannel();
    private final Set<AdminSession> sessions = new HashSet<>();
    private final Sinks.Empty<Void> closed = Sinks.empty();
    private boolean closing;

    private AdminSocket(
            EventLoop loop,
            Path path,
            AdminCommands commands,
            Duration patience,
            BiPredicate<Integer, Integer> isAllowed) {
        this.loop = loop;
        this.path = path;
        this.commands = commands;
        this.patience = patience;
        this.isAllowed = isAllowed;
    }

    /**
     * Listens.
     *
     * @param path free, in a directory that this user alone may enter
     * @throws ClusterException if it cannot
     */
    static AdminSocket open(EventLoop loop, Path path, AdminCommands commands, Duration patience) {
        return open(loop, path, commands, patience, AdminSocket::isAllowed);
    }

    /**
     * Listens.
     *
     * @param isAllowed whether a user may ask, and whose socket it is
     */
    static AdminSocket open(
            EventLoop loop,
            Path path,
            AdminCommands commands,
            Duration patience,
            BiPredicate<Integer, Integer> isAllowed) {
        AdminSocket socket = new AdminSocket(loop, path, commands, patience, isAllowed);
        try {
            socket.listen();
        } catch (IOException e) {
            socket.listener.close();
            throw AdminPath.refused(path, AdminPath.reason(e), e);
        }
        log.info("control socket {}", path);
        return socket;
    }

    private void listen() throws IOException {
        EventLoopGroup group = loop.netty();
        group.register(listener);
        ChannelFuture bound = listener.bind(new DomainSocketAddress(path.toString())); // done at once, on the loop
        if (!bound.isSuccess()) {
            Throwable cause = bound.cause();
            throw new IOException(cause.getMessage(), cause);
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        int owner = (int) Files.getAttribute(path, "unix:uid");
        listener.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object guest) {
                admit((EpollDomainSocketChannel) guest, owner);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                rest(cause);
            }
        });
    }

    /** Too many open files: at once it would only fail again, and again. */
    private void rest(Throwable cause) {
        log.warn(
                "control socket: cannot accept, tries again in {} ms: {}",
                PrimaryTimes.REST.toMillis(),
                cause.toString());
        listener.config().setAutoRead(false);
        listener.eventLoop()
                .schedule(
                        () -> listener.config().setAutoRead(true), PrimaryTimes.REST.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void admit(EpollDomainSocketChannel guest, int owner) {
        boolean isFull = sessions.stream().filter(AdminSession::isServed).count() >= MAX_SESSIONS;
        String refusal = isFull ? "more than " + MAX_SESSIONS + " ask at once: try again" : null;
        AdminSession session = new AdminSession(guest, commands, patience, refusal);
        guest.pipeline().addLast(new LineBasedFrameDecoder(AdminSession.MAX_LINE_BYTES, true, true), session);
        EventLoopGroup group = loop.netty();
        group.register(guest);
        if (!isAllowed(guest, owner) || sessions.size() >= MAX_GUESTS) {
            guest.close();
        } else {
            sessions.add(session);
            guest.closeFuture().addListener(end -> left(session));
        }
    }

    /** The directory and the mode of the socket keep others out; this is said by the kernel. */
    private boolean isAllowed(EpollDomainSocketChannel guest, int owner) {
        try {
            return isAllowed.test(guest.peerCredentials().uid(), owner);
        } catch (IOException e) {
            log.debug("a client of the control socket has gone", e);
            return false;
        }
    }

    static boolean isAllowed(int user, int owner) {
        return user == owner || user == ROOT;
    }

    private void left(AdminSession session) {
        sessions.remove(session);
        completeIfEmpty();
    }

    Path path() {
        return path;
    }

    /** How many are connected. */
    int sessions() {
        return sessions.size();
    }

    /** How many of them have closed their output and wait. */
    long parked() {
        return sessions.stream().filter(AdminSession::isParked).count();
    }

    /** Answers those who wait. Completes when nobody is connected, after a second at the latest; any thread subscribes. */
    Mono<Void> close() {
        closing = true;
        listener.close(); // Netty removes the file
        commands.end();
        List.copyOf(sessions).forEach(AdminSession::closeIfIdle);
        completeIfEmpty();
        return closed.asMono().timeout(PrimaryTimes.LAST_WORDS, Mono.fromRunnable(this::closeAll), loop);
    }

    private void closeAll() {
        List.copyOf(sessions).forEach(AdminSession::close);
    }

    private void completeIfEmpty() {
        if (closing && sessions.isEmpty()) {
            closed.tryEmitEmpty();
        }
    }
}
