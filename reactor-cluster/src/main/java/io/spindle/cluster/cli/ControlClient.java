// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** Asks a primary on its control socket. Blocks. */
final class ControlClient {

    private static final int MAX_ANSWER_BYTES = 16 << 20;
    private static final int BUFFER_BYTES = 64 << 10;

    private ControlClient() {}

    static boolean isAnswered(Path socket) {
        try (SocketChannel connected = connect(socket)) {
            return connected.isConnected();
        } catch (IOException nobodyListens) {
            return false;
        }
    }

    /**
     * Sends one request.
     *
     * @param limit how long the answer may take, zero for ever
     * @return all that comes until the primary closes the connection
     * @throws IOException with a message for the user
     */
    static String ask(Path socket, String request, Duration limit) throws IOException {
        try (SocketChannel channel = connect(socket)) {
            send(channel, request);
            return read(channel, socket, limit);
        }
    }

    /** Takes an answer line by line. */
    interface Lines {

        /** Returns whether it wants more; an error ends the reading. */
        boolean take(String line) throws IOException;
    }

    /**
     * Sends one request whose answer has many lines, perhaps without an end.
     *
     * @param limit how long the first line may take
     * @param lines gets what comes until the primary closes the connection
     * @throws IOException with a message for the user
     */
    static void read(Path socket, String request, Duration limit, Lines lines) throws IOException {
        try (SocketChannel channel = connect(socket);
                Selector selector = channel.provider().openSelector()) {
            send(channel, request);
            channel.register(selector, SelectionKey.OP_READ);
            long begun = System.nanoTime();
            boolean answered = false;
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
            while (readSome(channel, buffer, line)) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    byte next = buffer.get();
                    if (next != '\n') {
                        line.write(next);
                    } else {
                        answered = true;
                        if (!lines.take(line.toString(StandardCharsets.UTF_8))) {
                            return;
                        }
                        line.reset();
                    }
                }
                buffer.clear();
                checkSize(line, socket);
                await(selector, socket, begun, answered ? Duration.ZERO : limit);
            }
            if (!answered) {
                lines.take(line.toString(StandardCharsets.UTF_8));
            }
        }
    }

    private static void send(SocketChannel channel, String request) throws IOException {
        ByteBuffer line = StandardCharsets.UTF_8.encode(request + "\n");
        while (line.hasRemaining()) {
            channel.write(line);
        }
    }

    /** Without waiting: the kernel connects at once, or fails if too many wait to be accepted. */
    private static SocketChannel connect(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.configureBlocking(false);
            if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
                throw new IOException("nobody accepts");
            }
            return channel;
        } catch (IOException e) {
            channel.close();
            throw new GoneException("no primary answers at " + socket + ": " + e.getMessage(), e);
        }
    }

    private static String read(SocketChannel channel, Path socket, Duration limit) throws IOException {
        long begun = System.nanoTime();
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        try (Selector selector = channel.provider().openSelector()) {
            channel.register(selector, SelectionKey.OP_READ);
            while (readSome(channel, buffer, answer)) {
                answer.write(buffer.array(), 0, buffer.position());
                buffer.clear();
                checkSize(answer, socket);
                await(selector, socket, begun, limit);
            }
        }
        return answer.toString(StandardCharsets.UTF_8);
    }

    private static void checkSize(ByteArrayOutputStream answer, Path socket) throws IOException {
        if (answer.size() > MAX_ANSWER_BYTES) {
            throw new IOException("the answer at " + socket + " has no end");
        }
    }

    private static void await(Selector selector, Path socket, long begun, Duration limit) throws IOException {
        Duration left = limit.minusNanos(System.nanoTime() - begun);
        if (!limit.isZero() && left.toMillis() <= 0) {
            throw new IOException("the primary at " + socket + " has not answered within " + limit.toMillis() + " ms");
        }
        selector.select(limit.isZero() ? 0 : left.toMillis());
        selector.selectedKeys().clear();
    }

    /** Returns false at the end, which is a reset if the primary has left something of the request unread. */
    private static boolean readSome(SocketChannel channel, ByteBuffer buffer, ByteArrayOutputStream answer)
            throws IOException {
        try {
            return channel.read(buffer) >= 0;
        } catch (IOException e) {
            if (answer.toString(StandardCharsets.UTF_8).endsWith("\n")) {
                return false;
            }
            throw e;
        }
    }
}
