// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.process.Signal;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** One cluster of two workers that is reloaded again and again, under load. What its program does is in a file. */
@ExtendWith(LeakCheck.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReloadTest {

    private final BlockingQueue<ClusterEvent> events = Probe.queue();

    private volatile Consumer<ClusterEvent> atOnce = event -> {}; // on the loop of the primary
    private Path release;
    private Primary primary;
    private int port;

    @BeforeAll
    void start(@TempDir Path temporary) throws IOException {
        release = temporary.resolve("release");
        Files.writeString(release, "good");
        primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(App.class, "release", "0", release.toString())
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .startTimeout(Duration.ofSeconds(20)) // also how long the one that hangs takes
                .watch(Duration.ofSeconds(1))
                .onEvent(event -> {
                    atOnce.accept(event);
                    events.add(event);
                })
                .start()
                .block(Probe.PATIENCE));
        port = ((ClusterEvent.Listening)
                        Probe.await(events, event -> event instanceof ClusterEvent.Listening, "a server"))
                .port();
        Probe.await(events, event -> event instanceof ClusterEvent.Ready, "a worker that is ready");
        Probe.await(events, event -> event instanceof ClusterEvent.Ready, "another");
    }

    @BeforeEach
    void goodAgain() throws IOException {
        Files.writeString(release, "good");
        Program.eventually(() -> primary.workers().stream()
                        .filter(worker -> worker.state() == WorkerState.READY)
                        .count()
                == 2); // they have read it
    }

    @AfterAll
    void stop() {
        primary.disposeGracefully().block(Probe.PATIENCE);
        StepVerifier.create(primary.reload())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(ClusterException.class)
                        .hasMessage("the cluster cannot be reloaded: it has ended"))
                .verify(Probe.PATIENCE);
    }

    @Test
    void allWorkersAreNewAndNoRequestIsLost() throws Exception {
        List<ClusterWorker> old = primary.workers();
        try (Load load = Load.start(port, 4)) {
            primary.reload().block(Probe.PATIENCE);

            assertThat(load.end()).isPositive();
        }

        assertThat(old).allMatch(ClusterWorker::isDead);
        assertThat(primary.workers())
                .hasSize(2)
                .doesNotContainAnyElementsOf(old)
                .extracting(ClusterWorker::slot)
                .containsExactlyInAnyOrder(0, 1);
        int generation = primary.workers().get(0).generation();
        assertThat(primary.workers()).extracting(ClusterWorker::generation).containsOnly(generation);
        assertThat(old).extracting(ClusterWorker::generation).allMatch(before -> before < generation);
        assertThat(old)
                .extracting(worker -> worker.exitedAfterDisconnect().orElseThrow())
                .containsOnly(true);
    }

    @ParameterizedTest
    @CsvSource({
        "throws, ended with exit code 1 after .* ms: java.lang.IllegalStateException: no database",
        "cold, ended with exit code 1 after .* ms: java.lang.IllegalStateException: no cache",
        "hangs, ended with .* after .* ms: was not ready within 20000 ms",
        "dies, ended with exit code 3 after .* ms"
    })
    void aBadReleasePutsTheOldWorkersBackAndNoRequestIsLost(String kind, String reason) throws Exception {
        List<ClusterWorker> old = primary.workers();
        Files.writeString(release, kind);

        try (Load load = Load.start(port, 4)) {
            StepVerifier.create(primary.reload())
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(ClusterException.class)
                            .hasMessageMatching("the reload failed, the old workers serve on: worker \\d+ " + reason))
                    .verify(Probe.PATIENCE);

            if (!kind.equals("dies")) { // what runs in a worker that dies is lost
                assertThat(load.end()).isPositive();
            }
        }

        assertThat(primary.workers())
                .isEqualTo(old)
                .extracting(ClusterWorker::state)
                .containsOnly(WorkerState.READY);
        assertThat(Probe.pids(port, 2)).as("both accept again").hasSize(2);
    }

    private ClusterWorker next(Class<? extends ClusterEvent> type) {
        return Probe.await(events, type::isInstance, type.getSimpleName()).worker();
    }

    @Test
    void aWorkerThatComesWhenItsReloadHasFailedIsNotKept() throws IOException {
        List<ClusterWorker> old = primary.workers();
        CountDownLatch failed = new CountDownLatch(1);
        atOnce = event -> {
            if (event instanceof ClusterEvent.Ready ready && !old.contains(ready.worker())) {
                atOnce = other -> {};
                holdForks(failed); // of the place that comes next
            }
        };
        events.clear();
        Files.writeString(release, "dies");

        StepVerifier.create(primary.reload().doOnError(error -> failed.countDown()))
                .expectError(ClusterException.class)
                .verify(Probe.PATIENCE);

        assertThat(next(ClusterEvent.Exited.class).exitedAfterDisconnect()).contains(false);
        assertThat(next(ClusterEvent.Exited.class).exitedAfterDisconnect()).contains(true);
        assertThat(primary.workers()).isEqualTo(old);
        assertThat(Probe.pids(port, 2)).as("both accept again").hasSize(2);
    }

    /** Occupies the threads on which the primary prepares a fork. */
    private static void holdForks(CountDownLatch end) {
        for (int i = 0; i < Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE; i++) {
            Schedulers.boundedElastic().schedule(() -> {
                try {
                    assertThat(end.await(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                            .isTrue();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
    }

    @Test
    void aNewWorkerThatLeavesBeforeItIsReadyDoesNotHoldTheReload() throws IOException {
        List<ClusterWorker> old = primary.workers();
        events.clear();
        Files.writeString(release, "hangs");
        Mono<Void> reload = primary.reload().cache();
        reload.subscribe();
        ClusterWorker leaves = next(ClusterEvent.Listening.class); // it has read the file
        Files.writeString(release, "good");

        leaves.disconnect().block(Probe.PATIENCE);
        reload.block(Probe.PATIENCE);

        assertThat(primary.workers())
                .hasSize(1)
                .doesNotContainAnyElementsOf(old)
                .extracting(ClusterWorker::slot)
                .doesNotContain(leaves.slot());
        primary.scale(2).block(Probe.PATIENCE);
    }

    @Test
    void aSecondReloadIsRefusedAndScalingWaits() {
        List<ClusterWorker> old = primary.workers();
        Mono<Void> first = primary.reload().cache();
        first.subscribe();

        StepVerifier.create(primary.reload())
                .expectErrorMessage("a reload is running already")
                .verify(Probe.PATIENCE);
        primary.scale(1).block(Probe.PATIENCE);

        first.block(Duration.ZERO); // it is over
        assertThat(primary.workers()).hasSize(1).doesNotContainAnyElementsOf(old);
        primary.scale(2).block(Probe.PATIENCE);
    }

    @Test
    void onlySignalsThatAreFreeReload() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PrimarySpec.create().reloadOn(Signal.TERM))
                .withMessage("signals must be HUP or USR2, was [TERM]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PrimarySpec.create().startTimeout(Duration.ZERO))
                .withMessage("startTimeout must be positive, was PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PrimarySpec.create().watch(Duration.ofSeconds(-1)))
                .withMessage("watch must not be negative, was PT-1S");
    }
}
