// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class DnsTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @Test
    void localhostIsALoopbackAddressAndComesHome() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> Dns.lookup("localhost")
                .subscribe(address -> log.add(address.isLoopbackAddress() + " " + loop.inLoop())));

        assertThat(log).containsExactly("true true");
    }

    @Test
    @DisplayName("HF-31: all addresses of a name come as a list")
    void allAddressesComeAsAList() {
        StepVerifier.create(Dns.lookupAll("localhost"))
                .assertNext(addresses -> assertThat(addresses).isNotEmpty().allMatch(InetAddress::isLoopbackAddress))
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Dns.lookupAll("192.0.2.1").map(List::size))
                .expectNext(1)
                .expectComplete()
                .verify(LONG);
    }

    @Test
    @DisplayName("HF-31: a host that is not found is named")
    void anUnknownHostIsNamed() {
        String host = "x".repeat(64) + ".invalid"; // a label of 64 characters: no server is asked

        StepVerifier.create(Dns.lookup(host))
                .expectErrorSatisfies(error -> {
                    assertThat(((LookupException) error).host()).isEqualTo(host);
                    assertThat(error).hasMessageContaining(host).hasCauseInstanceOf(UnknownHostException.class);
                })
                .verify(Duration.ofSeconds(40));
    }

    @Test
    void aNameServerThatDoesNotAnswerIsToldFromANameThatIsNotThere() {
        LookupException silent =
                new LookupException("host", new UnknownHostException("host: Temporary failure in name resolution"));
        LookupException unknown =
                new LookupException("host", new UnknownHostException("host: Name or service not known"));

        assertThat(silent.code()).isEqualTo("EAI_AGAIN");
        assertThat(silent).hasMessageContaining("try again");
        assertThat(unknown.code()).isEqualTo("ENOTFOUND");
    }

    @Test
    void thePoolCanBeChosenAndTheHostMustNotBeEmpty() {
        BlockingPool pool = BlockingPoolSpec.of("dns").threads(1).start();

        StepVerifier.create(Dns.lookup("127.0.0.1", pool).map(InetAddress::getHostAddress))
                .expectNext("127.0.0.1")
                .expectComplete()
                .verify(LONG);

        assertThat(pool.metrics().completed()).isEqualTo(1);
        pool.dispose();
        assertThatIllegalArgumentException().isThrownBy(() -> Dns.lookup(""));
    }
}
