// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.cluster.ClusterEvent;
import io.spindle.cluster.Primary;
import io.spindle.cluster.PrimarySpec;
import io.spindle.spring.hello.Hello;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Sinks;

/** How a test asks for a cluster; the guide shows it. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class ClusterInATestTest {

    private static final Path GUIDE = Path.of("../docs/guide/spring-boot.md");
    private static final Path SELF = Path.of("src/test/java/io/spindle/spring/ClusterInATestTest.java");

    // GUIDE: test
    @Test
    void twoWorkersShareAPort() throws Exception {
        Sinks.Many<Integer> ports = Sinks.many().replay().all();
        Primary primary = PrimarySpec.create()
                .workers(2)
                .main(Hello.class, "--spindle.cluster.workers=2", "--server.port=0", "--server.address=127.0.0.1")
                .onEvent(event -> {
                    if (event instanceof ClusterEvent.Listening server) {
                        ports.tryEmitNext(server.port());
                    }
                })
                .start()
                .block();
        assertThat(primary).isNotNull();
        try {
            Integer port = ports.asFlux().take(2).blockLast(Duration.ofMinutes(2));
            assertThat(port).isNotNull();

            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                    .build();
            assertThat(HttpClient.newHttpClient()
                            .send(request, BodyHandlers.ofString())
                            .body())
                    .startsWith("hello from process");
        } finally {
            primary.disposeGracefully().block(Duration.ofSeconds(30));
        }
    }
    // GUIDE: end

    @Test
    void theGuideShowsThatTest() throws IOException {
        String self = Files.readString(SELF);
        String snippet = self.substring(
                self.indexOf("// GUIDE: test\n") + "// GUIDE: test\n".length(), self.indexOf("    // GUIDE: end\n"));

        String code = snippet.stripTrailing().stripIndent();
        assertThat(Files.readString(GUIDE)).contains("```java\n" + code + "\n```\n");
    }
}
