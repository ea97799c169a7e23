// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The blocking half of {@link io.spindle.offload.io.Files}. Channels, not streams: an interrupt ends them. */
final class WholeFile {

    /** One read or write of a channel, at its position or another. */
    interface Transfer {
        int run(ByteBuffer buffer) throws IOException;
    }

    /**
     * The most that is read or written at once. The JDK copies through a direct buffer of that size, which it keeps for
     * each thread: without a limit, one big file would cost its size in memory for as long as the thread lives.
     */
    private static final int PIECE = 256 * 1024;

    /** What is read first, whatever the size: most files end within. */
    private static final int FIRST_PIECE = 16 * 1024;

    private static final ThreadLocal<ByteBuffer> FIRST =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(FIRST_PIECE));
    private static final Set<StandardOpenOption> READ = Set.of(StandardOpenOption.READ);
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private WholeFile() {}

    /** A small file is opened, read to its end and closed: its size is not asked, it may be wrong or change meanwhile. */
    static byte[] read(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, READ)) {
            return readAll(channel);
        }
    }

    /** From where the channel is to the end. */
    static byte[] readAll(FileChannel channel) throws IOException {
        ByteBuffer first = FIRST.get().clear();
        while (first.hasRemaining()) {
            if (channel.read(first) < 0) {
                byte[] content = new byte[first.position()];
                first.flip().get(content);
                return content;
            }
        }
        return readRest(channel, first.flip());
    }

    private static byte[] readRest(FileChannel channel, ByteBuffer first) throws IOException {
        long size = channel.size(); // where to begin: it is zero if unknown
        if (size > MAX_ARRAY) {
            throw new IOException("File too large: " + size + " bytes do not fit into an array");
        }
        byte[] content = new byte[(int) Math.max(size, FIRST_PIECE)];
        first.get(content, 0, FIRST_PIECE);
        int read = fill(channel, content, FIRST_PIECE);
        byte[] more = new byte[1];
        while (read == content.length) {
            if (fill(channel, more, 0) == 0) {
                return content;
            }
            content = grow(content, more[0]);
            read = fill(channel, content, read + 1);
        }
        return Arrays.copyOf(content, read);
    }

    private static byte[] grow(byte[] content, byte next) throws IOException {
        if (content.length >= MAX_ARRAY) {
            throw new IOException("File too large: more than " + MAX_ARRAY + " bytes do not fit into an array");
        }
        byte[] grown = Arrays.copyOf(content, (int) Math.min(MAX_ARRAY, content.length * 2L));
        grown[content.length] = next;
        return grown;
    }

    /** Fills {@code content} from {@code offset} on. Returns how much is in it then: less than fits at the end. */
    private static int fill(FileChannel channel, byte[] content, int offset) throws IOException {
        ByteBuffer target = ByteBuffer.wrap(content, offset, content.length - offset);
        int read = 0;
        while (target.hasRemaining() && read >= 0) {
            read = piece(target, channel::read);
        }
        return target.position();
    }

    static @Nullable Void write(Path path, byte[] data) throws IOException {
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            writeAll(channel, data);
        }
        return null;
    }

    static @Nullable Void append(Path path, byte[] data) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            writeAll(channel, data);
        }
        return null;
    }

    /** Writes beside the file and renames over it. */
    static @Nullable Void replace(Path path, byte[] data) throws IOException {
        FileSink.Destination replacement = FileSink.replacing(path);
        FileChannel channel = replacement.open();
        boolean replaced = false;
        try {
            writeAll(channel, data);
            replacement.commit(channel);
            replaced = true;
        } finally {
            if (!replaced) {
                replacement.discard(channel);
            }
        }
        return null;
    }

    /** Sets the length: cuts, or adds zeros. */
    static @Nullable Void truncate(Path path, long length) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            return truncate(channel, length);
        }
    }

    static @Nullable Void truncate(FileChannel channel, long length) throws IOException {
        if (channel.size() < length) {
            writeAll(ByteBuffer.allocate(1), last -> channel.write(last, length - 1));
        } else {
            channel.truncate(length);
        }
        return null;
    }

    static void writeAll(FileChannel channel, byte[] data) throws IOException {
        writeAll(ByteBuffer.wrap(data), channel::write);
    }

    static void writeAll(ByteBuffer source, Transfer write) throws IOException {
        while (source.hasRemaining()) {
            piece(source, write);
        }
    }

    static void writeAll(FileChannel channel, ByteBuffer[] sources) throws IOException {
        long left = 0;
        for (ByteBuffer each : sources) {
            left += each.remaining();
        }
        while (left > 0 && left <= PIECE) {
            left -= channel.write(sources);
        }
        for (ByteBuffer each : sources) {
            writeAll(each, channel::write);
        }
    }

    /** Reads what the system gives at once: a short piece ends it. Returns how many bytes that is, 0 at the end. */
    static int readOnce(ByteBuffer target, Transfer read) throws IOException {
        int before = target.position();
        int wanted;
        do {
            wanted = nextPiece(target);
        } while (piece(target, read) == wanted && target.hasRemaining());
        return target.position() - before;
    }

    /** The same for several buffers. */
    static long readOnce(FileChannel channel, ByteBuffer[] targets) throws IOException {
        long room = 0;
        for (ByteBuffer each : targets) {
            room += each.remaining();
        }
        if (room <= PIECE) {
            return Math.max(0, channel.read(targets));
        }
        long total = 0;
        for (ByteBuffer each : targets) {
            total += readOnce(each, channel::read);
            if (each.hasRemaining()) {
                break;
            }
        }
        return total;
    }

    /** Lets {@code transfer} have the next piece of a buffer. Returns what it returns. */
    static int piece(ByteBuffer buffer, Transfer transfer) throws IOException {
        int limit = buffer.limit();
        buffer.limit(buffer.position() + nextPiece(buffer));
        try {
            return transfer.run(buffer);
        } finally {
            buffer.limit(limit);
        }
    }

    private static int nextPiece(ByteBuffer buffer) {
        return buffer.isDirect() ? buffer.remaining() : Math.min(PIECE, buffer.remaining());
    }
}
