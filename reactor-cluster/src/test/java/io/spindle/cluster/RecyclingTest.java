// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.process.Signal;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Workers that are replaced although they live. */
@ExtendWith(LeakCheck.class)
class RecyclingTest {

    private final BlockingQueue<ClusterEvent> events = Probe.queue();

    private Primary start(Recycling recycling, Duration heartbeat) {
        return Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .recycling(recycling)
                .heartbeat(heartbeat)
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
    }

    private <T extends ClusterEvent> T next(Class<T> type) {
        return type.cast(Probe.await(events, type::isInstance, type.getSimpleName()));
    }

    @Test
    void workersThatAreDueAreReplacedOneAfterTheOtherAndNoRequestIsLost() throws Exception {
        Primary primary = start(Recycling.none().maxRequests(400).jitter(0.5), Duration.ofSeconds(10));
        int port = next(ClusterEvent.Listening.class).port();
        next(ClusterEvent.Ready.class);
        List<ClusterEvent> seen = new ArrayList<>();
        try (Load load = Load.start(port, 4)) {
            while (seen.stream().filter(ClusterEvent.Exited.class::isInstance).count() < 2) {
                seen.add(Probe.await(events, event -> true, "recycled workers"));
            }

            assertThat(load.end()).isPositive();
        }

        ClusterMetrics metrics = primary.metrics();
        assertThat(metrics.recycled()).isPositive();
        assertThat(metrics.requests()).as("of workers that have ended, too").isGreaterThanOrEqualTo(400);
        assertThat(metrics.accepted()).isPositive();
        assertThat(metrics.residentBytes()).isPositive();

        int ready = 1; // one was awaited
        for (ClusterEvent event : seen) {
            ready += event instanceof ClusterEvent.Ready ? 1 : 0;
            if (event instanceof ClusterEvent.Exited exited) {
                assertThat(exited.exitedAfterDisconnect()).isTrue();
                assertThat(exited.code()).isZero();
                ready--;
                assertThat(ready).as("never fewer than two").isGreaterThanOrEqualTo(2);
            }
        }
        primary.disposeGracefully().block(Probe.PATIENCE);
    }

    @Test
    void aWorkerThatIsStoppedIsReplaced() {
        Primary primary = start(Recycling.none(), Duration.ofSeconds(2));
        ClusterWorker stopped = next(ClusterEvent.Ready.class).worker();
        next(ClusterEvent.Ready.class);

        stopped.kill(Signal.STOP);
        ClusterEvent.Exited exited = next(ClusterEvent.Exited.class);

        assertThat(exited.worker()).isSameAs(stopped);
        assertThat(exited.signal()).contains(Signal.KILL);
        assertThat(next(ClusterEvent.Ready.class).worker().slot()).isEqualTo(stopped.slot());
        primary.disposeGracefully().block(Probe.PATIENCE);
    }

    @Test
    void eachLimitMakesAWorkerDue() {
        Control.Pulse pulse = new Control.Pulse(100, 10, 1, 30, 0, 0);
        long hour = Duration.ofHours(1).toNanos();

        assertThat(Recycling.none().due(hour, pulse, 1)).isEmpty();
        assertThat(Recycling.none().maxAge(Duration.ofHours(1)).jitter(0).due(hour, pulse, 1))
                .isEqualTo("it is 3600 s old");
        assertThat(Recycling.none().maxAge(Duration.ofHours(2)).jitter(0.4).due(hour, pulse, 1))
                .isEmpty();
        assertThat(Recycling.none().maxAge(Duration.ofHours(2)).jitter(0.5).due(hour, pulse, 1))
                .isNotEmpty();
        assertThat(Recycling.none().maxResidentBytes(100).due(hour, pulse, 1)).isEqualTo("it has 100 bytes of memory");
        assertThat(Recycling.none().maxResidentBytes(101).due(hour, pulse, 1)).isEmpty();
        assertThat(Recycling.none().maxConnections(20).jitter(0.5).due(hour, pulse, 1))
                .isEqualTo("it has accepted 10 connections");
        assertThat(Recycling.none().maxRequests(60).jitter(0.5).due(hour, pulse, 1))
                .isEqualTo("it has had 30 requests");
        assertThat(Recycling.none().maxRequests(60).jitter(0.5).due(hour, pulse, 0.9))
                .isEmpty();
    }

    @Test
    void aLimitOutOfBoundsIsRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recycling.none().jitter(2))
                .withMessage("jitter must be from 0 to 1, was 2.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recycling.none().maxRequests(-1))
                .withMessage("maxRequests must not be negative, was -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PrimarySpec.create().heartbeat(Duration.ofSeconds(-1)))
                .withMessage("heartbeat must not be negative, was PT-1S");
    }
}
