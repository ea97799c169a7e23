// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each worker has a socket of its own. */
@ExtendWith(LeakCheck.class)
class ReusePortTest {

    @Test
    void allWorkersListenOnOnePortThatIsKeptWhileNoneOfThemLives() throws Exception {
        BlockingQueue<ClusterEvent> events = Probe.queue();
        Primary primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .listening(Listening.reusePort())
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
        int port = ((ClusterEvent.Listening)
                        Probe.await(events, event -> event instanceof ClusterEvent.Listening, "a server"))
                .address()
                .getPort();
        Probe.await(events, event -> event instanceof ClusterEvent.Listening, "another");

        assertThat(Probe.pids(port, 2)).hasSize(2);
        assertThatThrownBy(() -> new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close())
                .isInstanceOf(BindException.class);

        primary.disposeGracefully().block(Probe.PATIENCE);
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close(); // free again
    }
}
