// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.channel.EventLoopGroup;
import io.spindle.loop.EventLoop;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/** An HTTP server on one loop thread, asked over kept connections by blocking clients of this process. */
final class HttpEcho {

    private static final int CONNECTIONS = 8;
    private static final int FLOOD = 20_000;
    private static final long FLOOD_TASK_NANOS = 1_000;
    private static final byte[] REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "hello world\n".getBytes(StandardCharsets.US_ASCII);

    private HttpEcho() {}

    static void measure(String[] args, String who, boolean flood) throws Exception {
        boolean quick = List.of(args).contains("--quick");
        Executor loop;
        LoopResources resources;
        if (who.equals("spindle")) {
            EventLoop ours = EventLoop.create("bench");
            loop = ours.netty();
            resources = ours.resources();
        } else {
            EventLoopGroup group = LoopContenders.nettyGroup();
            loop = group.next();
            resources = useNative -> group;
        }
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(resources)
                .handle((request, response) -> response.sendString(Mono.just("hello world\n")))
                .bindNow();
        try (Client client = new Client(server.port(), flood ? 1 : CONNECTIONS)) {
            client.run(quick ? 0.3 : 1); // warm, without the flood
            if (flood) {
                for (int i = 0; i < FLOOD; i++) {
                    loop.execute(new Busy(loop));
                }
            }
            System.out.println(client.run(quick ? 0.5 : flood ? 4 : 2));
        }
        System.exit(0);
    }

    /** A task of a microsecond that posts itself for ever. */
    private record Busy(Executor loop) implements Runnable {

        @Override
        public void run() {
            long end = System.nanoTime() + FLOOD_TASK_NANOS;
            while (System.nanoTime() - end < 0) {
                Thread.onSpinWait();
            }
            loop.execute(this);
        }
    }

    /** Threads with a connection each, one request at a time. */
    private static final class Client implements AutoCloseable {

        private final List<Socket> sockets = new ArrayList<>();

        Client(int port, int connections) throws Exception {
            for (int i = 0; i < connections; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                socket.setTcpNoDelay(true);
                sockets.add(socket);
            }
        }

        /** Returns requests a second; a request that is under way at the end counts as the part that has passed. */
        double run(double seconds) throws Exception {
            AtomicLong requests = new AtomicLong();
            CountDownLatch ended = new CountDownLatch(sockets.size());
            long start = System.nanoTime();
            long end = start + (long) (seconds * 1e9);
            for (Socket socket : sockets) {
                Thread thread = new Thread(() -> {
                    try {
                        while (System.nanoTime() - end < 0) {
                            ask(socket.getOutputStream(), socket.getInputStream());
                            requests.incrementAndGet();
                        }
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    } finally {
                        ended.countDown();
                    }
                });
                thread.setDaemon(true);
                thread.start();
            }
            ended.await();
            return requests.get() * 1e9 / (System.nanoTime() - start);
        }

        private static void ask(OutputStream out, InputStream in) throws Exception {
            out.write(REQUEST);
            byte[] buffer = new byte[512];
            int length = 0;
            while (length < END.length || !endsWith(buffer, length)) {
                int read = in.read(buffer, length, buffer.length - length);
                if (read < 0) {
                    throw new IllegalStateException("the server closed the connection");
                }
                length += read;
            }
        }

        private static boolean endsWith(byte[] buffer, int length) {
            for (int i = 0; i < END.length; i++) {
                if (buffer[length - END.length + i] != END[i]) {
                    return false;
                }
            }
            // The server may frame the body in chunks: then it ends with an empty chunk, not here.
            return true;
        }

        @Override
        public void close() throws Exception {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
