// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A descriptor of ours on a Netty epoll loop. It is submitted once, edge-triggered: to pause is not to read, so a
 * stream that waits for its subscriber costs nothing, whatever happens to the other end.
 */
final class EpollHandle implements EpollIoHandle {

    /** EPOLLERR and EPOLLHUP, which are always reported and have no name in Netty. */
    static final int ERROR = 0x8;

    static final int HANG_UP = 0x10;

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final FileDescriptor fd;
    private final IntConsumer onEvent;
    private final Runnable onClosedByLoop;
    private @Nullable IoRegistration registration; // loop only
    private boolean released; // loop only

    /**
     * Wraps a descriptor that is not blocking.
     *
     * @param onEvent gets the bits of each event, on the loop
     * @param onClosedByLoop called when the loop ends
     */
    EpollHandle(FileDescriptor fd, IntConsumer onEvent, Runnable onClosedByLoop) {
        this.fd = fd;
        this.onEvent = onEvent;
        this.onClosedByLoop = onClosedByLoop;
    }

    /**
     * Registers it, unless it has been released, for its number may be that of another descriptor by then. Loop only,
     * where Netty does so at once.
     */
    void register(IoEventLoop loop, EpollIoOps interest) {
        if (released) {
            return;
        }
        loop.register(this).addListener(done -> {
            if (!done.isSuccess()) {
                log.warn("cannot watch descriptor {}", fd.intValue(), done.cause());
                onClosedByLoop.run();
                return;
            }
            registration = (IoRegistration) done.getNow();
            registration.submit(interest.with(EpollIoOps.EPOLLET));
        });
    }

    @Override
    public FileDescriptor fd() {
        return fd;
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
        if (released) {
            return;
        }
        try {
            onEvent.accept(((EpollIoEvent) event).ops().value());
        } catch (Throwable error) { // would make Netty sleep and lose the events of other descriptors
            log.error("descriptor {} failed", fd.intValue(), error);
            onClosedByLoop.run();
        }
    }

    /** Closes the descriptor; the registration goes first, for its number may be reused at once. Loop only. */
    void release() {
        if (released) {
            return;
        }
        released = true;
        try {
            if (registration != null) {
                registration.cancel();
            }
        } catch (RejectedExecutionException e) {
            log.trace("the event loop has ended", e);
        }
        try {
            fd.close();
        } catch (IOException e) {
            log.debug("cannot close descriptor {}", fd.intValue(), e);
        }
    }

    /** Called by the loop when it ends. */
    @Override
    public void close() {
        onClosedByLoop.run();
    }
}
