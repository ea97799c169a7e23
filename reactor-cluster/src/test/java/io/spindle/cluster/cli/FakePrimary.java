// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import io.spindle.testkit.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Listens on a control socket and answers everybody the same. */
final class FakePrimary implements AutoCloseable {

    static final int REQUEST_BYTES = 256;

    private final Path socket;
    private final ServerSocketChannel server;
    private final Thread thread;

    FakePrimary(Path socket, String answer) throws IOException {
        this.socket = socket;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        thread = new Thread(() -> serve(answer), "fake-primary");
        thread.start();
    }

    Path socket() {
        return socket;
    }

    private void serve(String answer) {
        while (true) {
            try (SocketChannel client = server.accept()) {
                if (client.read(ByteBuffer.allocate(REQUEST_BYTES)) > 0) { // not one who only looks
                    client.write(StandardCharsets.UTF_8.encode(answer));
                }
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Program.eventually(() -> !thread.isAlive());
        Files.deleteIfExists(socket);
    }
}
