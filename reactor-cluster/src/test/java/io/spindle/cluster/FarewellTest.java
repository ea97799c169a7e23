// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What clients see of a worker that leaves, on the wire. */
@ExtendWith(LeakCheck.class)
class FarewellTest {

    private static final int CLIENTS = 4;
    private static final int GOAWAY = 7;
    private static final int DATA = 0;

    private final BlockingQueue<ClusterEvent> events = Probe.queue();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Primary> started = new ArrayList<>();

    @AfterEach
    void stop() throws InterruptedException {
        started.forEach(primary -> primary.disposeGracefully().block(Probe.PATIENCE));
        threads.shutdownNow();
        assertThat(threads.awaitTermination(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
    }

    private static List<Listening> waysToListen() {
        return List.of(Listening.shared(), Listening.handOff(Balance.roundRobin()));
    }

    private Primary start(int workers, String mode, Listening listening) {
        Primary primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(workers)
                .listening(listening)
                .main(App.class, mode, "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
        started.add(primary);
        return primary;
    }

    private int port() {
        return ((ClusterEvent.Listening)
                        Probe.await(events, event -> event instanceof ClusterEvent.Listening, "a server that listens"))
                .port();
    }

    @ParameterizedTest
    @MethodSource("waysToListen")
    void noRequestIsLostWhenAWorkerLeavesUnderLoad(Listening listening) throws Exception {
        Primary primary = start(2, "serve", listening);
        int port = port();
        port();
        try (Load load = Load.start(port, CLIENTS)) {
            primary.workers().get(0).disconnect().block(Probe.PATIENCE);

            assertThat(load.end()).isPositive(); // a lost request is an exception
        }

        assertThat(primary.workers()).hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("waysToListen")
    void everyProtocolIsToldToGo(Listening listening) throws Exception {
        Primary primary = start(1, "farewell", listening);
        int port = port();
        int http2Port = port();
        try (Socket webSocket = Http1.connect(port);
                Socket stream = Http1.connect(port);
                Socket idle = Http1.connect(port);
                Socket http2 = Http1.connect(http2Port)) {
            Http1.ask(webSocket, "/ws", Visitor.UPGRADE);
            assertThat(Http1.head(webSocket.getInputStream())).startsWith("HTTP/1.1 101 ");
            assertThat(webSocket.getInputStream().readNBytes(2 + "hello".length()))
                    .hasSize(7);
            Http1.ask(stream, "/events", "");
            assertThat(Http1.head(stream.getInputStream())).contains("text/event-stream");
            Http1.ask(idle, "/", "");
            String first = Http1.head(idle.getInputStream());
            assertThat(first).doesNotContain("connection: close");
            Http1.body(first, idle.getInputStream());
            Future<List<Http2Frame>> frames = threads.submit(http2Request(http2));
            Probe.await(events, event -> event instanceof ClusterEvent.Message, "the begin of the HTTP/2 request");

            ClusterWorker worker = primary.workers().get(0);
            Future<?> left = threads.submit(() -> worker.disconnect().block(Probe.PATIENCE));

            byte[] close = webSocket.getInputStream().readAllBytes();
            assertThat(close[0] & 0x0f).as("a close frame before the end").isEqualTo(8);
            assertThat(ByteBuffer.wrap(close, 2, 2).getShort()).isEqualTo((short) 1001);
            String streamed = chunks(stream.getInputStream());
            assertThat(streamed).contains("data: 0\n\n").matches("(?s).*data: \\d+\n\nretry: \\d+\n\n");
            Http1.ask(idle, "/", "");
            String last = Http1.head(idle.getInputStream());
            assertThat(last).startsWith("HTTP/1.1 200 OK").contains("connection: close");
            Http1.body(last, idle.getInputStream());
            assertThat(idle.getInputStream().read()).isEqualTo(-1);
            List<Http2Frame> seen = frames.get(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(seen.stream().filter(frame -> frame.type() == GOAWAY).map(Http2Frame::lastStream))
                    .containsExactly(Integer.MAX_VALUE, 1);
            assertThat(seen).as("the request that ran was answered").anyMatch(frame -> frame.type() == DATA);
            left.get(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        ClusterEvent.Exited exited =
                (ClusterEvent.Exited) Probe.await(events, event -> event instanceof ClusterEvent.Exited, "the end");
        assertThat(exited.code()).isZero();
    }

    /** One frame, with the last stream that a GOAWAY names. */
    private record Http2Frame(int type, int lastStream) {}

    /** A request for "/" on stream 1, and all frames until the end of the connection. */
    private static Callable<List<Http2Frame>> http2Request(Socket socket) {
        return () -> {
            OutputStream out = socket.getOutputStream();
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            out.write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}); // SETTINGS, empty
            out.write(new byte[] {0, 0, 6, 1, 5, 0, 0, 0, 1}); // HEADERS, all of them, end of stream
            out.write(
                    new byte[] {(byte) 0x82, (byte) 0x86, (byte) 0x84, 0x01, 0x01, 'a'}); // GET http / and authority a
            out.flush();
            List<Http2Frame> frames = new ArrayList<>();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            try {
                while (true) {
                    int word = in.readInt();
                    in.skipNBytes(1 + Integer.BYTES);
                    byte[] payload = in.readNBytes(word >>> Byte.SIZE);
                    int type = word & 0xff;
                    frames.add(new Http2Frame(
                            type, type == GOAWAY ? ByteBuffer.wrap(payload).getInt() : -1));
                }
            } catch (EOFException e) {
                return frames;
            }
        };
    }

    /** A chunked body. */
    private static String chunks(InputStream in) throws IOException {
        StringBuilder body = new StringBuilder();
        while (true) {
            StringBuilder size = new StringBuilder();
            while (size.indexOf("\r\n") < 0) {
                size.append(Http1.next(in));
            }
            int length = Integer.parseInt(size.toString().trim(), 16);
            String chunk = new String(in.readNBytes(length + 2), StandardCharsets.US_ASCII);
            if (length == 0) {
                return body.toString();
            }
            body.append(chunk, 0, length);
        }
    }
}
