// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Reads a pipe by epoll, straight into Netty's buffers. */
final class EpollOutputPipe extends OutputPipe {

    /** What is shorter is copied, so that a consumer that keeps a line does not keep a whole chunk. */
    private static final int COPIED_BYTES = CHUNK_BYTES / 4;

    private final EpollHandle handle;
    private final BusyPipe busy = new BusyPipe();
    private boolean readable = true; // loop only; until read() proves otherwise
    private boolean filled; // loop only; for certain after an event, probably after a full read
    private boolean hungUp; // loop only

    EpollOutputPipe(IoEventLoop loop, String name, FileDescriptor fd) {
        super(loop, name);
        handle = new EpollHandle(fd, this::happened, () -> close(closed("its event loop has ended")));
    }

    @Override
    void open() {
        handle.register(loop, EpollIoOps.EPOLLIN);
    }

    private void happened(int bits) {
        readable = true;
        filled = true;
        hungUp |= (bits & (EpollHandle.HANG_UP | EpollHandle.ERROR)) != 0;
        drain();
    }

    @Override
    @Nullable
    ByteBuf read() throws IOException {
        if (!readable) {
            return null;
        }
        ByteBuf chunk = ByteBufAllocator.DEFAULT.directBuffer(CHUNK_BYTES, CHUNK_BYTES);
        int count = 0;
        try {
            count = readInto(chunk);
        } finally {
            if (count <= 0) {
                chunk.release();
            }
        }
        if (count < 0) {
            return Unpooled.EMPTY_BUFFER;
        }
        // A short read has emptied the pipe: the next write or the hang-up is a new edge.
        readable = count == CHUNK_BYTES || (hungUp && count > 0);
        if (count == CHUNK_BYTES) {
            busy.wasFull(handle.fd());
        }
        filled = readable;
        if (count == 0) {
            return null;
        }
        chunk.writerIndex(count);
        return count < COPIED_BYTES ? copyOf(chunk) : chunk;
    }

    private int readInto(ByteBuf chunk) throws IOException {
        if (chunk.hasMemoryAddress()) {
            return handle.fd().readAddress(chunk.memoryAddress(), 0, CHUNK_BYTES);
        }
        ByteBuffer nio = chunk.internalNioBuffer(0, CHUNK_BYTES);
        return handle.fd().read(nio, nio.position(), nio.limit());
    }

    private static ByteBuf copyOf(ByteBuf chunk) {
        try {
            return chunk.alloc().buffer(chunk.readableBytes()).writeBytes(chunk);
        } finally {
            chunk.release();
        }
    }

    @Override
    boolean isFilled() {
        return filled;
    }

    @Override
    boolean isDry() {
        return true;
    }

    @Override
    void release() {
        busy.closed();
        handle.release();
    }
}
