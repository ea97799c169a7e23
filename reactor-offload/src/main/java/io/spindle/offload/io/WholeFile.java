// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The blocking half of {@link io.spindle.offload.io.Files}. Channels, not streams: an interrupt ends them. */
final class WholeFile {

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
        int position = offset;
        while (position < content.length) {
            int length = Math.min(PIECE, content.length - position);
            int read = channel.read(ByteBuffer.wrap(content, position, length));
            if (read < 0) {
                break;
            }
            position += read;
        }
        return position;
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
        Path target = path.toAbsolutePath();
        Path beside = beside(target);
        try {
            try (FileChannel channel =
                    FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                writeAll(channel, data);
                channel.force(true);
            }
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(beside); // nothing, unless it failed
        }
        return null;
    }

    /** A name for what is to replace {@code target}. */
    static Path beside(Path target) {
        return target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    }

    /** Sets the length: cuts, or adds zeros. */
    static @Nullable Void truncate(Path path, long length) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            return truncate(channel, length);
        }
    }

    static @Nullable Void truncate(FileChannel channel, long length) throws IOException {
        if (channel.size() < length) {
            writeAt(channel, new byte[1], length - 1);
        } else {
            channel.truncate(length);
        }
        return null;
    }

    private static void writeAt(FileChannel channel, byte[] data, long offset) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(data);
        while (left.hasRemaining()) {
            channel.write(left, offset + left.position());
        }
    }

    static void writeAll(FileChannel channel, byte[] data) throws IOException {
        int position = 0;
        while (position < data.length) {
            int length = Math.min(PIECE, data.length - position);
            position += channel.write(ByteBuffer.wrap(data, position, length));
        }
    }
}
