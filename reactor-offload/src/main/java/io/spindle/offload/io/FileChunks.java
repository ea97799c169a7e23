// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A range of a file in chunks. */
final class FileChunks implements Pull.Source<byte[]> {

    private final FileChannel channel;
    private final int chunkSize;
    private long position;
    private long left;

    private FileChunks(FileChannel channel, long offset, long length, int chunkSize) {
        this.channel = channel;
        this.position = offset;
        this.left = length;
        this.chunkSize = chunkSize;
    }

    static FileChunks open(Path path, long offset, long length, int chunkSize) throws IOException {
        return new FileChunks(FileChannel.open(path, StandardOpenOption.READ), offset, length, chunkSize);
    }

    @Override
    public byte @Nullable [] next() throws IOException {
        byte[] chunk = new byte[(int) Math.min(chunkSize, left)];
        ByteBuffer buffer = ByteBuffer.wrap(chunk);
        while (buffer.hasRemaining()) {
            int read = channel.read(buffer, position);
            if (read < 0) {
                break;
            }
            position += read;
            left -= read;
        }
        int length = buffer.position();
        if (length == 0) {
            return null;
        }
        return length == chunk.length ? chunk : Arrays.copyOf(chunk, length);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
