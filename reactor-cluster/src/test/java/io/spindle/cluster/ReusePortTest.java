// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each worker has a socket of its own. */
@ExtendWith(LeakCheck.class)
class ReusePortTest {

    private final BlockingQueue<ClusterEvent> events = Probe.queue();

    private Primary start(Duration watch) {
        return Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .listening(Listening.reusePort())
                .watch(watch)
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
    }

    private ClusterEvent next(Class<? extends ClusterEvent> type) {
        return Probe.await(events, type::isInstance, type.getSimpleName());
    }

    private int port() {
        return ((ClusterEvent.Listening) next(ClusterEvent.Listening.class)).port();
    }

    /** The kernel goes on choosing the socket of a worker that is paused: it must serve what comes. */
    @Test
    void oldWorkersServeOnWhileTheNewOnesAreWatched() throws Exception {
        Primary primary = start(Duration.ofHours(1));
        int port = port();
        next(ClusterEvent.Ready.class);
        next(ClusterEvent.Ready.class);

        primary.reload().subscribe(null, ended -> {});
        next(ClusterEvent.Ready.class);
        next(ClusterEvent.Ready.class);

        assertThat(Probe.pids(port, 4)).as("old and new").hasSize(4);
        primary.disposeGracefully().block(Probe.PATIENCE);
    }

    @Test
    void allWorkersListenOnOnePortThatIsKeptWhileNoneOfThemLives() throws Exception {
        Primary primary = start(Duration.ofMillis(100));
        int port = port();
        next(ClusterEvent.Listening.class);

        assertThat(Probe.pids(port, 2)).hasSize(2);
        assertThatThrownBy(() -> new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close())
                .isInstanceOf(BindException.class);

        primary.disposeGracefully().block(Probe.PATIENCE);
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close(); // free again
    }
}
