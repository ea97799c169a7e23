// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The connection of a client of the control socket, which may close the half by which it writes and go on reading.
 *
 * <pre>
 *   OPEN ── input closed ─► LEAVING ─► PARKED ── write ─► OPEN ── written ─► LEAVING ─► …
 *                                        └── hung up ─► closed
 * </pre>
 * When such a client goes altogether, epoll says so for ever (EPOLLHUP) and Netty's channel does nothing about it: the loop would
 * spin. So while nothing is written to it, the channel is not registered, and this handle hears of the end, once. Loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class AdminPeer implements EpollIoHandle {

    private enum State {
        OPEN,
        LEAVING,
        PARKED
    }

    private final EpollDomainSocketChannel channel;
    private State state = State.OPEN;
    private boolean halfClosed;
    private @Nullable Runnable write; // begun or about to begin
    private @Nullable IoRegistration watch;

    AdminPeer(EpollDomainSocketChannel channel) {
        this.channel = channel;
        channel.config().setAllowHalfClosure(true);
    }

    /** It writes nothing more, or has gone altogether. */
    void inputClosed() {
        halfClosed = true;
        parkIfIdle();
    }

    boolean isParked() {
        return state == State.PARKED;
    }

    /** Writes; one at a time. A client that cannot be written to is closed. */
    void write(byte[] bytes, Runnable written) {
        write = () -> channel.writeAndFlush(Unpooled.wrappedBuffer(bytes)).addListener(sent -> sent(sent, written));
        switch (state) {
            case OPEN -> write.run();
            case PARKED -> comeBack();
            case LEAVING -> {} // then it comes back at once
        }
    }

    private void sent(Future<?> sent, Runnable written) {
        write = null;
        if (sent.isSuccess()) {
            written.run();
            parkIfIdle();
        } else {
            close();
        }
    }

    private void parkIfIdle() {
        if (halfClosed && write == null && state == State.OPEN && channel.isOpen()) {
            state = State.LEAVING;
            channel.deregister().addListener(left -> park());
        }
    }

    private void park() {
        state = State.PARKED;
        if (!channel.isOpen()) {
            return;
        }
        if (write != null) {
            comeBack();
            return;
        }
        ((IoEventLoop) channel.eventLoop()).register(this).addListener(done -> {
            if (done.isSuccess()) {
                watch = (IoRegistration) done.getNow();
                watch.submit(EpollIoOps.EPOLLET); // a hang-up is always told
            } else {
                close();
            }
        });
    }

    private void comeBack() {
        leaveWatch();
        EventLoopGroup loop = channel.eventLoop();
        loop.register(channel).addListener(done -> {
            if (done.isSuccess() && write != null) {
                state = State.OPEN;
                write.run();
            } else {
                close();
            }
        });
    }

    private void leaveWatch() {
        if (watch != null) {
            watch.cancel();
            watch = null;
        }
    }

    /** Ends the connection; what is not written yet is lost. */
    @Override
    public void close() {
        leaveWatch(); // first: its number may be reused at once
        channel.close();
    }

    @Override
    public FileDescriptor fd() {
        return channel.fd();
    }

    /** It has gone. */
    @Override
    public void handle(IoRegistration registration, IoEvent event) {
        close();
    }
}
