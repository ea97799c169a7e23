// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** One cluster that grows and shrinks; each test begins and ends with one worker. */
@ExtendWith(LeakCheck.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScaleTest {

    private static final int CLIENTS = 4;

    private final BlockingQueue<ClusterEvent> events = Probe.queue();
    private Primary primary;
    private int port;

    @BeforeAll
    void start() {
        primary = startOne();
        port = ((ClusterEvent.Listening) next(ClusterEvent.Listening.class)).port();
    }

    private Primary startOne() {
        return Objects.requireNonNull(PrimarySpec.create()
                .workers(1)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
    }

    private ClusterEvent next(Class<? extends ClusterEvent> type) {
        return Probe.await(events, type::isInstance, type.getSimpleName());
    }

    @AfterAll
    void stop() {
        primary.disposeGracefully().block(Probe.PATIENCE);
        StepVerifier.create(primary.scale(2))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(ClusterException.class)
                        .hasMessage("the cluster cannot be scaled: it has ended"))
                .verify(Probe.PATIENCE);
    }

    @Test
    void noRequestIsLostWhileTheClusterGrowsAndShrinks() throws Exception {
        events.clear(); // of other tests
        try (Load load = Load.start(port, CLIENTS)) {
            primary.scale(3).block(Probe.PATIENCE);
            assertThat(primary.workers()).extracting(ClusterWorker::slot).containsExactlyInAnyOrder(0, 1, 2);
            next(ClusterEvent.Listening.class);
            next(ClusterEvent.Listening.class);
            assertThat(Probe.pids(port, 3)).as("all of them serve").hasSize(3);
            primary.scale(1).block(Probe.PATIENCE);
            assertThat(primary.workers()).extracting(ClusterWorker::slot).containsExactly(0);

            assertThat(load.end()).isPositive(); // a lost request is an exception
        }
        for (int i = 0; i < 2; i++) {
            ClusterEvent.Exited exited = (ClusterEvent.Exited) next(ClusterEvent.Exited.class);
            assertThat(exited.code()).isZero();
            assertThat(exited.exitedAfterDisconnect()).isTrue();
        }
    }

    @Test
    void theControlSocketTellsHowTheClusterIsAndScales() throws IOException {
        Path socket = primary.controlSocket();
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(Objects.requireNonNull(socket.getParent()))))
                .as("nobody else may enter")
                .isEqualTo("rwx------");

        assertThat(Probe.ask(socket, "scale 2\n")).isEqualTo("{\"ok\":true}\n");

        assertThat(primary.workers()).hasSize(2);
        String status = Probe.ask(socket, "status\n");
        assertThat(status)
                .startsWith("{\"ok\":true,\"status\":{\"pid\":"
                        + ProcessHandle.current().pid() + ",\"state\":\"running\",")
                .contains("\"wanted\":2,\"listening\":[\"127.0.0.1:" + port + "\"]");
        for (ClusterWorker worker : primary.workers()) {
            assertThat(status).contains("{\"id\":" + worker.id() + ",\"slot\":" + worker.slot());
        }
        primary.scale(1).block(Probe.PATIENCE);
    }

    @Test
    void theLastCallCountsAndBothComplete() {
        Mono.when(primary.scale(3), primary.scale(1)).block(Probe.PATIENCE);

        assertThat(primary.workers()).extracting(ClusterWorker::slot).containsExactly(0);
    }

    @Test
    void aPlaceThatWasLeftIsFilledAgain() {
        primary.scale(2).block(Probe.PATIENCE);
        ClusterWorker left = primary.workers().get(1);
        left.disconnect().block(Probe.PATIENCE);
        assertThat(primary.workers()).hasSize(1);

        primary.scale(2).block(Probe.PATIENCE);

        assertThat(primary.workers())
                .hasSize(2)
                .doesNotContain(left)
                .extracting(ClusterWorker::slot)
                .contains(left.slot());
        primary.scale(1).block(Probe.PATIENCE);
    }

    @Test
    void aWorkerThatIsJustOnlineHearsThatItShallLeave() {
        events.clear();
        primary.scale(2).block(Probe.PATIENCE);
        ClusterWorker young = primary.workers().get(1);

        young.disconnect().block(PrimarySpec.create().grace()); // it is not killed after the grace

        ClusterEvent.Exited exited = (ClusterEvent.Exited) next(ClusterEvent.Exited.class);
        assertThat(exited.code()).isZero();
    }

    @Test
    void aCountBelowOneIsRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> primary.scale(0))
                .withMessage("workers must be at least 1, was 0");
    }

    @Test
    void theEndOfTheClusterEndsTheWaiting() {
        Primary ending = startOne();
        StepVerifier.create(ending.scale(2))
                .then(ending::dispose)
                .expectError(ClusterException.class)
                .verify(Probe.PATIENCE);
        ending.exit().block(Probe.PATIENCE);
    }
}
