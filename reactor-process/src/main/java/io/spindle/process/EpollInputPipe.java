// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;

/** Writes a pipe by epoll. */
final class EpollInputPipe extends InputPipe {

    private static final int COPIED_BYTES = 64 << 10;

    private final EpollHandle handle;
    private final BusyPipe busy = new BusyPipe();
    private boolean writable; // loop only

    EpollInputPipe(IoEventLoop loop, Publisher<? extends ByteBuf> publisher, FileDescriptor fd) {
        super(loop, publisher);
        handle = new EpollHandle(fd, this::happened, this::close);
    }

    @Override
    void open() {
        writable = true;
        handle.register(loop, EpollIoOps.EPOLLOUT);
    }

    private void happened(int bits) {
        if ((bits & EpollHandle.ERROR) != 0) {
            close(); // nobody reads any more, and nobody ever will
            return;
        }
        writable = true;
        drain();
    }

    @Override
    boolean write(ByteBuf buffer) throws IOException {
        if (buffer.isReadable() && writable) {
            int count = buffer.hasMemoryAddress()
                    ? handle.fd().writeAddress(buffer.memoryAddress(), buffer.readerIndex(), buffer.writerIndex())
                    : writeCopy(buffer);
            buffer.skipBytes(count);
            writable = count > 0;
            if (!writable) {
                busy.wasFull(handle.fd());
            }
        }
        return !buffer.isReadable();
    }

    /** What is not in one piece of native memory goes through a piece that is. */
    private int writeCopy(ByteBuf buffer) throws IOException {
        int length = Math.min(buffer.readableBytes(), COPIED_BYTES);
        ByteBuf copy = ByteBufAllocator.DEFAULT.directBuffer(length);
        try {
            copy.writeBytes(buffer, buffer.readerIndex(), length);
            ByteBuffer nio = copy.internalNioBuffer(0, length);
            return handle.fd().write(nio, nio.position(), nio.limit());
        } finally {
            copy.release();
        }
    }

    @Override
    void release() {
        busy.closed();
        handle.release();
    }
}
