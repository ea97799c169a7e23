// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.BaseSubscriber;

/**
 * A client of the control socket: a line comes, a line or more go, the connection ends. A client that is slow with either is closed,
 * unless it follows what has no end; between the two it waits as long as what it asked for takes, and nothing more is read. Loop
 * only.
 */
final class AdminSession extends SimpleChannelInboundHandler<ByteBuf> {

    static final int MAX_LINE_BYTES = 256;

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final EpollDomainSocketChannel channel;
    private final AdminPeer peer;
    private final AdminCommands commands;
    private final Duration patience;
    private final @Nullable String refusal;
    private boolean asked;

    /**
     * Makes one.
     *
     * @param refusal the answer to whatever it asks: one that is closed with a request unread loses the answer
     */
    AdminSession(
            EpollDomainSocketChannel channel, AdminCommands commands, Duration patience, @Nullable String refusal) {
        this.channel = channel;
        this.peer = new AdminPeer(channel);
        this.commands = commands;
        this.patience = patience;
        this.refusal = refusal;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        Future<?> late = channel.eventLoop().schedule(this::closeIfIdle, patience.toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(end -> late.cancel(false));
        context.fireChannelActive();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf line) {
        if (asked) {
            return;
        }
        if (refusal == null) {
            answer(commands.answer(line.toString(StandardCharsets.UTF_8)));
        } else {
            answer(AdminReply.of(AdminAnswer.failed(refusal)));
        }
    }

    /** Also of a client that has gone altogether; the decoder has passed on what came before. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            closeIfIdle();
            peer.inputClosed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof TooLongFrameException && !asked) {
            answer(AdminReply.of(AdminAnswer.failed("a request has at most " + MAX_LINE_BYTES + " bytes")));
        } else {
            close();
        }
    }

    boolean isServed() {
        return refusal == null;
    }

    boolean isParked() {
        return peer.isParked();
    }

    private void answer(AdminReply reply) {
        asked = true;
        channel.config().setAutoRead(false);
        Telling telling = new Telling(reply.isEndless());
        channel.closeFuture().addListener(end -> telling.dispose());
        reply.lines().subscribe(telling);
    }

    /** Writes one piece after the other; the next is asked for when this one has been taken. */
    private final class Telling extends BaseSubscriber<byte[]> {

        private final boolean isEndless;
        private boolean writing;
        private boolean complete;

        Telling(boolean isEndless) {
            this.isEndless = isEndless;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            request(1);
        }

        @Override
        protected void hookOnNext(byte[] lines) {
            onLoop(() -> write(lines));
        }

        @Override
        protected void hookOnComplete() {
            onLoop(() -> {
                complete = true;
                closeIfTold();
            });
        }

        @Override
        protected void hookOnError(Throwable broken) {
            log.debug("no answer on the control socket", broken);
            onLoop(AdminSession.this::close);
        }

        private void write(byte[] lines) {
            writing = true;
            Future<?> late = isEndless ? null : closeLater();
            peer.write(lines, () -> {
                if (late != null) {
                    late.cancel(false);
                }
                writing = false;
                closeIfTold();
                request(1);
            });
        }

        private void closeIfTold() {
            if (complete && !writing) {
                close();
            }
        }
    }

    private Future<?> closeLater() {
        Future<?> late = channel.eventLoop().schedule(this::close, patience.toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(end -> late.cancel(false));
        return late;
    }

    private void onLoop(Runnable task) {
        try {
            channel.eventLoop().execute(() -> {
                if (channel.isOpen()) {
                    task.run();
                }
            });
        } catch (RejectedExecutionException e) {
            log.trace("the loop has ended", e);
        }
    }

    void closeIfIdle() {
        if (!asked) {
            close();
        }
    }

    void close() {
        peer.close();
    }
}
