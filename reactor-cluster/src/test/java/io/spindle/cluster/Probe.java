// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** What the tests look with: a plain client, and patience. */
final class Probe {

    static final Duration PATIENCE = Duration.ofSeconds(40);

    private Probe() {}

    /** One request on a connection of its own; returns the body. */
    static String get(int port, String path) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answer).startsWith("HTTP/1.1 200 OK");
            return answer.substring(answer.indexOf("\r\n\r\n") + 4);
        }
    }

    static long pid(int port) throws IOException {
        String body = get(port, "/");
        return Long.parseLong(body.trim());
    }

    /** Asks until so many different workers have answered. */
    static Set<Long> pids(int port, int count) throws IOException {
        Set<Long> pids = new HashSet<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (pids.size() < count && System.nanoTime() - deadline < 0) {
            pids.add(pid(port));
        }
        return pids;
    }

    /** One request to a control socket; returns all that it answers until it closes. */
    static String ask(Path socket, String request) throws IOException {
        try (SocketChannel client = connect(socket)) {
            write(client, request);
            return readAll(client);
        }
    }

    static SocketChannel connect(Path socket) throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    static void write(SocketChannel client, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }

    static String readAll(SocketChannel client) throws IOException {
        return new String(Channels.newInputStream(client).readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Waits for the end of a process that need not be ours. */
    static boolean endsWithin(ProcessHandle process, Duration limit) {
        CompletableFuture<ProcessHandle> end = process.onExit();
        try {
            end.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (java.util.concurrent.TimeoutException e) {
            return false;
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    /** Takes from a queue until something fits. */
    static <T> T await(BlockingQueue<? extends T> queue, Predicate<? super T> fits, String what) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        List<T> others = new ArrayList<>();
        try {
            while (true) {
                Optional<T> next = Optional.ofNullable(queue.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS));
                if (fits.test(
                        next.orElseThrow(() -> new AssertionError("did not come: " + what + ", but " + others)))) {
                    return next.get();
                }
                others.add(next.get());
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static BlockingQueue<ClusterEvent> queue() {
        return new LinkedBlockingQueue<>();
    }
}
