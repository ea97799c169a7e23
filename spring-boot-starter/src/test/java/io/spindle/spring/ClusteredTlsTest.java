// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.process.Command;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A worker's server with TLS by an SSL bundle, and HTTP/2. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class ClusteredTlsTest {

    private static final String PASSWORD = "changeit";

    @TempDir
    private Path directory;

    private Path keyStore() {
        Path file = directory.resolve("keys.p12");
        Command.of(System.getProperty("java.home") + "/bin/keytool", "-genkeypair", "-alias", "web", "-keyalg", "EC")
                .args("-dname", "CN=localhost", "-ext", "san=ip:127.0.0.1", "-storetype", "PKCS12")
                .args("-storepass", PASSWORD, "-keystore", file.toString())
                .exec()
                .block(Program.PATIENCE);
        return file;
    }

    private static SSLContext trusting(Path file) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("web", keys.getCertificate("web"));
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    @Test
    void aWorkerServesHttp2OverTlsWithTheKeysOfABundle() throws Exception {
        Path keys = keyStore();
        try (Program program = BootProgram.start(
                ClusteredApplication.class,
                "--spindle.cluster.workers=1",
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--server.http2.enabled=true",
                "--server.ssl.bundle=web",
                "--spring.ssl.bundle.jks.web.key.alias=web",
                "--spring.ssl.bundle.jks.web.keystore.location=file:" + keys,
                "--spring.ssl.bundle.jks.web.keystore.password=" + PASSWORD,
                "--spring.ssl.bundle.jks.web.keystore.type=PKCS12")) {
            int port = Integer.parseInt(program.await(Pattern.compile("Netty started on port (\\d+) \\(https\\)"), 1)
                    .get(0));
            HttpClient client =
                    HttpClient.newBuilder().sslContext(trusting(keys)).build();
            HttpRequest request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/who"))
                    .build();

            HttpResponse<String> response = client.send(request, BodyHandlers.ofString());

            assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(response.body()).matches("1 \\d+ true");
        }
    }
}
