// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** A range of a file, piece by piece. */
final class FileRange<T> implements Pull.Source<T> {

    /** Reads one piece. */
    private interface Reader<T> {

        /** Reads until {@code length} bytes are there or the file ends. Null if there are none. */
        @Nullable
        T read(FileChannel channel, long position, int length) throws IOException;
    }

    private final FileChannel channel;
    private final int pieceSize;
    private final Reader<T> reader;
    private final ToIntFunction<T> size;
    private long position;
    private long left;

    private FileRange(
            FileChannel channel, long offset, long length, int pieceSize, Reader<T> reader, ToIntFunction<T> size) {
        this.channel = channel;
        this.position = offset;
        this.left = length;
        this.pieceSize = pieceSize;
        this.reader = reader;
        this.size = size;
    }

    /** In new arrays. */
    static FileRange<byte[]> chunks(Path path, long offset, long length, int pieceSize) throws IOException {
        return new FileRange<>(open(path), offset, length, pieceSize, FileRange::readChunk, chunk -> chunk.length);
    }

    /** In pooled direct buffers, into which the operating system writes: no copy on the way. */
    static FileRange<ByteBuf> buffers(Path path, long offset, long length, int pieceSize) throws IOException {
        return new FileRange<>(open(path), offset, length, pieceSize, FileRange::readBuffer, ByteBuf::readableBytes);
    }

    private static FileChannel open(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ);
    }

    @Override
    public @Nullable T next() throws IOException {
        T piece = reader.read(channel, position, (int) Math.min(pieceSize, left));
        if (piece != null) {
            int read = size.applyAsInt(piece);
            position += read;
            left -= read;
        }
        return piece;
    }

    static byte @Nullable [] readChunk(FileChannel channel, long position, int length) throws IOException {
        byte[] chunk = new byte[length];
        ByteBuffer buffer = ByteBuffer.wrap(chunk);
        int read = 0;
        while (buffer.hasRemaining() && read >= 0) {
            read = WholeFile.piece(buffer, piece -> channel.read(piece, position + piece.position()));
        }
        int filled = buffer.position();
        if (filled == 0) {
            return null;
        }
        return filled == length ? chunk : Arrays.copyOf(chunk, filled);
    }

    private static @Nullable ByteBuf readBuffer(FileChannel channel, long position, int length) throws IOException {
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
