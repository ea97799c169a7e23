// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** HTTP/1.1 byte by byte, so that a test sees what a client would. */
final class Http1 {

    private static final long PAUSE_NANOS = 1_000_000;

    private Http1() {}

    /**
     * One request after the other until the end, and none may fail. With a pause, so that the workers that start beside this
     * get a processor.
     *
     * @param perConnection how many to send on one connection, if the answers do not ask for a new one before
     * @param warm told after the hundredth answer
     * @param onLoss told of a request that was not answered; throws if none may be lost. No connection may be refused
     * @return how many were answered
     */
    static long requests(int port, int perConnection, AtomicBoolean end, CountDownLatch warm, Loss onLoss)
            throws IOException {
        long answered = 0;
        while (!end.get()) {
            try (Socket socket = connect(port)) {
                boolean last = false;
                for (int i = 0; i < perConnection && !last && !end.get(); i++) {
                    last = isLast(socket);
                    if (++answered == 100) {
                        warm.countDown();
                    }
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            } catch (SocketException | EOFException e) {
                if (e instanceof ConnectException) {
                    throw e;
                }
                onLoss.lost(e);
            }
        }
        return answered;
    }

    /** What a client does about a request that is not answered. */
    interface Loss {
        void lost(IOException why) throws IOException;
    }

    /** Sends a request; the answer tells whether there may be another. */
    private static boolean isLast(Socket socket) throws IOException {
        ask(socket, "/", "");
        String head = head(socket.getInputStream());
        assertThat(head).startsWith("HTTP/1.1 200 OK");
        body(head, socket.getInputStream());
        return head.contains("connection: close");
    }

    static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout((int) Probe.PATIENCE.toMillis());
        socket.setTcpNoDelay(true);
        return socket;
    }

    static void ask(Socket socket, String path, String headers) throws IOException {
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append(next(in));
        }
        return head.toString();
    }

    static char next(InputStream in) throws IOException {
        int next = in.read();
        if (next < 0) {
            throw new EOFException("closed without an answer");
        }
        return (char) next;
    }

    /** A body whose length the head tells. */
    static void body(String head, InputStream in) throws IOException {
        int start = head.indexOf("content-length: ") + "content-length: ".length();
        int length = Integer.parseInt(head.substring(start, head.indexOf("\r\n", start)));
        assertThat(in.readNBytes(length)).hasSize(length);
    }
}
