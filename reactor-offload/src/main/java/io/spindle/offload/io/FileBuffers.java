// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A range of a file in pooled direct buffers, into which the operating system writes: no copy on the way. */
final class FileBuffers implements Pull.Source<ByteBuf> {

    private final FileChannel channel;
    private final int chunkSize;
    private long position;
    private long left;

    private FileBuffers(FileChannel channel, long offset, long length, int chunkSize) {
        this.channel = channel;
        this.position = offset;
        this.left = length;
        this.chunkSize = chunkSize;
    }

    static FileBuffers open(Path path, long offset, long length, int chunkSize) throws IOException {
        return new FileBuffers(FileChannel.open(path, StandardOpenOption.READ), offset, length, chunkSize);
    }

    @Override
    public @Nullable ByteBuf next() throws IOException {
        ByteBuf buffer = read(channel, position, (int) Math.min(chunkSize, left));
        if (buffer != null) {
            position += buffer.readableBytes();
            left -= buffer.readableBytes();
        }
        return buffer;
    }

    /** Reads until {@code length} bytes are there or the file ends. Null if there are none. */
    static @Nullable ByteBuf read(FileChannel channel, long position, int length) throws IOException {
        if (length == 0) {
            return null;
        }
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(length, length);
        boolean filled = false;
        try {
            long at = position;
            int read = 0;
            while (buffer.isWritable() && read >= 0) {
                read = buffer.writeBytes(channel, at, buffer.writableBytes());
                at += Math.max(0, read);
            }
            filled = buffer.isReadable();
            return filled ? buffer : null;
        } finally {
            if (!filled) {
                buffer.release();
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
