// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.nio.channels.SelectableChannel;

/**
 * A Netty I/O handler whose every I/O callback is followed by ticks and microtasks, as after any callback in Node, and
 * whose wake-up costs nothing while the loop is awake. It passes everything on to the handler of the transport.
 */
final class DrainingIoHandler implements IoHandler {

    private final IoHandler transport;
    private final NettyLoop loop;

    private DrainingIoHandler(IoHandler transport, NettyLoop loop) {
        this.transport = transport;
        this.loop = loop;
    }

    static IoHandlerFactory wrap(IoHandlerFactory transport) {
        return new IoHandlerFactory() {
            @Override
            public IoHandler newHandler(ThreadAwareExecutor executor) {
                return new DrainingIoHandler(transport.newHandler(executor), (NettyLoop) executor);
            }

            @Override
            public boolean isChangingThreadSupported() {
                return false;
            }
        };
    }

    IoHandler transport() {
        return transport;
    }

    @Override
    public void initialize() {
        transport.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        return transport.run(context);
    }

    @Override
    public void prepareToDestroy() {
        transport.prepareToDestroy();
    }

    @Override
    public void destroy() {
        try {
            transport.prepareToDestroy(); // for what was registered after the last turn
            transport.destroy();
        } finally {
            loop.ended();
        }
    }

    @Override
    public void wakeup() {
        loop.wakeUpFromOutside();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return transport.isCompatible(handleType);
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        if (handle instanceof EpollIoHandle epoll) {
            return transport.register(new Epoll(epoll, loop));
        }
        if (handle instanceof NioIoHandle nio) {
            return transport.register(new Nio(nio, loop));
        }
        return transport.register(handle);
    }

    @SuppressWarnings("try") // close() may throw anything, as the interface says
    private abstract static class Draining<H extends IoHandle> implements IoHandle {

        final H handle;
        private final NettyLoop loop;

        Draining(H handle, NettyLoop loop) {
            this.handle = handle;
            this.loop = loop;
        }

        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            loop.runIoCallback(handle, registration, event);
        }

        @Override
        public void registered() {
            handle.registered();
        }

        @Override
        public void unregistered() {
            handle.unregistered();
        }

        @Override
        public void close() throws Exception {
            handle.close();
        }
    }

    @SuppressWarnings("try") // close() may throw anything, as the interface says
    private static final class Epoll extends Draining<EpollIoHandle> implements EpollIoHandle {

        Epoll(EpollIoHandle handle, NettyLoop loop) {
            super(handle, loop);
        }

        @Override
        public FileDescriptor fd() {
            return handle.fd();
        }
    }

    @SuppressWarnings("try") // close() may throw anything, as the interface says
    private static final class Nio extends Draining<NioIoHandle> implements NioIoHandle {

        Nio(NioIoHandle handle, NettyLoop loop) {
            super(handle, loop);
        }

        @Override
        public SelectableChannel selectableChannel() {
            return handle.selectableChannel();
        }
    }
}
