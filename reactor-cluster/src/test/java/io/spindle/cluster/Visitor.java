// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** A client of {@link Doors} on one connection of any kind, byte by byte. */
final class Visitor implements AutoCloseable {

    private static final int DATA = 0;
    private static final int END_STREAM = 1;
    /** The headers of a request that becomes a WebSocket. */
    static final String UPGRADE = String.join(
            "\r\n",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "");

    private final Closeable connection;
    private final SocketAddress local;
    private final InputStream in;
    private final OutputStream out;
    private final boolean secure;
    private boolean toldToGo;

    private Visitor(Closeable connection, SocketAddress local, InputStream in, OutputStream out, boolean secure) {
        this.connection = connection;
        this.local = local;
        this.in = in;
        this.out = out;
        this.secure = secure;
    }

    static Visitor unix(Path path) throws IOException {
        return unix(Probe.connect(path));
    }

    static Visitor unix(SocketChannel channel) throws IOException {
        return new Visitor(
                channel,
                channel.getLocalAddress(),
                Channels.newInputStream(channel),
                Channels.newOutputStream(channel),
                false);
    }

    static Visitor tcp(InetAddress host, int port) throws IOException {
        return of(new Socket(host, port), false);
    }

    /** Trusts what the context trusts, and speaks one protocol. */
    static Visitor tls(SSLContext context, int port, String protocol) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        try {
            socket.startHandshake();
            assertThat(socket.getApplicationProtocol()).isEqualTo(protocol);
            return of(socket, true);
        } catch (IOException | AssertionError e) {
            socket.close();
            throw e;
        }
    }

    private static Visitor of(Socket socket, boolean secure) throws IOException {
        socket.setSoTimeout((int) Probe.PATIENCE.toMillis());
        return new Visitor(
                socket, socket.getLocalSocketAddress(), socket.getInputStream(), socket.getOutputStream(), secure);
    }

    /** The address of this end. */
    SocketAddress local() {
        return local;
    }

    /** The last answer said that the connection closes. */
    boolean isToldToGo() {
        return toldToGo;
    }

    /** One request of HTTP/1.1; returns the body. */
    String get(String path) throws IOException {
        out.write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        String head = Http1.head(in);
        assertThat(head).startsWith("HTTP/1.1 200 OK");
        toldToGo = head.contains("connection: close");
        int start = head.indexOf("content-length: ") + "content-length: ".length();
        int length = Integer.parseInt(head.substring(start, head.indexOf("\r\n", start)));
        return new String(in.readNBytes(length), StandardCharsets.US_ASCII);
    }

    /** The first request of a connection of HTTP/2; returns the body. */
    String get2(String path) throws IOException {
        out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}); // SETTINGS, empty
        ByteArrayOutputStream headers = new ByteArrayOutputStream();
        headers.write(0x82); // GET
        headers.write(secure ? 0x87 : 0x86); // https, http
        headers.write(0x04);
        headers.write(path.length());
        headers.writeBytes(path.getBytes(StandardCharsets.US_ASCII));
        headers.writeBytes(new byte[] {0x01, 1, 'a'}); // authority
        out.write(new byte[] {0, 0, (byte) headers.size(), 1, 5, 0, 0, 0, 1}); // all of them, end of stream
        headers.writeTo(out);
        out.flush();
        DataInputStream frames = new DataInputStream(in);
        StringBuilder body = new StringBuilder();
        while (true) {
            int word = frames.readInt();
            int flags = frames.readUnsignedByte();
            frames.readInt();
            byte[] payload = frames.readNBytes(word >>> Byte.SIZE);
            if ((word & 0xff) == DATA) {
                body.append(new String(payload, StandardCharsets.US_ASCII));
                if ((flags & END_STREAM) != 0) {
                    return body.toString();
                }
            }
        }
    }

    /** Opens a WebSocket, sends a text and returns the answer. */
    String webSocket(String text) throws IOException {
        out.write(("GET /ws HTTP/1.1\r\nHost: localhost\r\n" + UPGRADE + "\r\n").getBytes(StandardCharsets.US_ASCII));
        assertThat(Http1.head(in)).startsWith("HTTP/1.1 101 ");
        out.write(new byte[] {(byte) 0x81, (byte) (0x80 | text.length()), 0, 0, 0, 0
        }); // a text; a mask that changes nothing
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        out.flush();
        assertThat(in.read()).isEqualTo(0x81);
        return new String(in.readNBytes(in.read()), StandardCharsets.US_ASCII);
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
