// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The readable end of a pipe as an I/O handle of its own, below Netty's channels, on either transport. */
@SuppressWarnings("try") // close() may throw anything, as the interface says
abstract class ReadableEnd implements IoHandle {

    private static final ByteBuffer BYTE = ByteBuffer.allocateDirect(1);

    private final Runnable onReadable;
    private @Nullable IoEventLoop loop;
    private @Nullable IoRegistration registration;

    ReadableEnd(Runnable onReadable) {
        this.onReadable = onReadable;
    }

    /** Registers one; {@code onReadable} runs in its I/O callback and may throw. */
    static ReadableEnd register(IoEventLoop loop, Runnable onReadable) throws Exception {
        return loop.submit(() -> registerHere(loop, onReadable)).get();
    }

    /** The same, on the loop. */
    static ReadableEnd registerHere(IoEventLoop loop, Runnable onReadable) {
        boolean epoll = loop.isCompatible(EpollIoHandle.class);
        try {
            ReadableEnd end = epoll ? new OfEpoll(onReadable) : new OfNio(onReadable);
            end.loop = loop;
            end.registration = loop.register(end).getNow();
            end.registration.submit(epoll ? EpollIoOps.EPOLLIN : NioIoOps.READ);
            return end;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void makeReadable() {
        try {
            writeByte();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    abstract void writeByte() throws IOException;

    abstract void readByte() throws IOException;

    abstract void closeEnds() throws IOException;

    @Override
    public void handle(IoRegistration of, IoEvent event) {
        try {
            readByte();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        onReadable.run();
    }

    /** To be called off the loop: on NIO a registration is cancelled on it only, else nobody would wake it up for that. */
    void release() throws Exception {
        Objects.requireNonNull(loop)
                .submit(() -> {
                    close();
                    return true;
                })
                .get();
    }

    @Override
    public void close() {
        if (Objects.requireNonNull(registration).cancel()) {
            try {
                closeEnds();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @SuppressWarnings("try") // as above
    private static final class OfEpoll extends ReadableEnd implements EpollIoHandle {

        private final FileDescriptor[] ends = FileDescriptor.pipe();

        OfEpoll(Runnable onReadable) throws IOException {
            super(onReadable);
        }

        @Override
        public FileDescriptor fd() {
            return ends[0];
        }

        @Override
        void writeByte() throws IOException {
            ends[1].write(BYTE.duplicate(), 0, 1);
        }

        @Override
        void readByte() throws IOException {
            ends[0].read(BYTE.duplicate(), 0, 1);
        }

        @Override
        void closeEnds() throws IOException {
            ends[0].close();
            ends[1].close();
        }
    }

    @SuppressWarnings("try") // as above
    private static final class OfNio extends ReadableEnd implements NioIoHandle {

        private final Pipe pipe = Pipe.open();

        OfNio(Runnable onReadable) throws IOException {
            super(onReadable);
            pipe.source().configureBlocking(false);
        }

        @Override
        public SelectableChannel selectableChannel() {
            return pipe.source();
        }

        @Override
        void writeByte() throws IOException {
            pipe.sink().write(BYTE.duplicate());
        }

        @Override
        void readByte() throws IOException {
            pipe.source().read(BYTE.duplicate());
        }

        @Override
        void closeEnds() throws IOException {
            pipe.source().close();
            pipe.sink().close();
        }
    }
}
