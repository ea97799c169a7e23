// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import reactor.core.publisher.Mono;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerRoutes;
import reactor.netty.tcp.SslProvider;

/** A clustered program with a server for each way in, all of which say the same. */
final class Doors {

    static final char[] PASSWORD = "only of this test".toCharArray();

    private Doors() {}

    /**
     * Arguments: for a Unix-domain socket its path; then, if TCP is wanted, the key store of TLS and whether there is IPv6.
     * The servers are bound in this order: plain, TLS, IPv6.
     */
    public static void main(String[] args) {
        System.exit(Cluster.run(primary -> primary, worker -> {
            HttpServer server = HttpServer.create()
                    .runOn(worker.resources())
                    .protocol(HttpProtocol.HTTP11, HttpProtocol.H2C)
                    .route(Doors::routes);
            server.bindAddress(() -> new DomainSocketAddress(args[0])).bindNow();
            if (args.length > 1) {
                server.host("127.0.0.1").port(0).bindNow();
                server.host("127.0.0.1")
                        .port(0)
                        .protocol(HttpProtocol.HTTP11, HttpProtocol.H2)
                        .secure(ssl -> ssl.sslContext(certificate(Path.of(args[1]))))
                        .bindNow();
            }
            if (args.length > 2 && Boolean.parseBoolean(args[2])) {
                server.host("::1").port(0).bindNow();
            }
        }));
    }

    private static void routes(HttpServerRoutes routes) {
        String pid = String.valueOf(ProcessHandle.current().pid());
        routes.get("/", (request, response) -> response.sendString(Mono.just(pid)))
                .get("/remote", (request, response) -> response.sendString(Mono.just(remote(request))))
                .ws("/ws", (in, out) -> out.sendString(in.receive().asString().map(text -> pid + " " + text)));
    }

    private static String remote(HttpServerRequest request) {
        return request.connectionRemoteAddress() instanceof InetSocketAddress inet
                ? inet.getAddress().getHostAddress() + " " + inet.getPort()
                : "unix " + request.connectionRemoteAddress() + " " + request.remoteAddress();
    }

    private static SslProvider.GenericSslContextSpec<?> certificate(Path store) {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(load(store), PASSWORD);
            return Http2SslContextSpec.forServer(keys);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static KeyStore load(Path store) throws GeneralSecurityException, IOException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        return keys;
    }
}
