// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.process.Signal;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The meters of real workers, added up by their primary. */
@ExtendWith(LeakCheck.class)
class ClusterMetersOfWorkersTest {

    private final BlockingQueue<ClusterEvent> events = Probe.queue();

    @SuppressWarnings("NullAway.Init")
    private Primary primary;

    @BeforeEach
    void start() {
        primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(App.class, "meters", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .restart(RestartPolicy.exponential(Duration.ofMillis(10), Duration.ofSeconds(1)))
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
        ready();
        ready();
    }

    @AfterEach
    void stop() {
        primary.disposeGracefully().block(Probe.PATIENCE);
    }

    private void ready() {
        Probe.await(events, ClusterEvent.Ready.class::isInstance, "a worker that is ready");
    }

    private List<ClusterMeter> meters() {
        return Objects.requireNonNull(primary.meters().block(Probe.PATIENCE));
    }

    private ClusterMeter meter(String name) {
        return meters().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private double started() {
        return Objects.requireNonNull(meter("started").figures().get(ClusterMeter.COUNT));
    }

    @Test
    void theyAreAddedUpAndNothingFallsWhenWorkersEnd() {
        assertThat(meters())
                .extracting(ClusterMeter::name)
                .containsExactly("left", "size", "slot", "slot", "started", "work");
        assertThat(meters().stream().filter(each -> each.name().equals("slot")).map(ClusterMeter::tags))
                .containsExactly(Map.of("app", "test", "worker", "0"), Map.of("app", "test", "worker", "1"));
        assertThat(meter("started"))
                .isEqualTo(new ClusterMeter(
                        "started",
                        Map.of("app", "test"),
                        ClusterMeter.Kind.COUNTER,
                        "",
                        "Workers",
                        Map.of(ClusterMeter.COUNT, 2.0),
                        List.of()));
        assertThat(meter("size").figures()).isEqualTo(Map.of("count", 2.0, "total", 3.0, "max", 2.0));
        assertThat(meter("work").buckets())
                .containsExactly(new ClusterMeter.Bucket(0.01, 2), new ClusterMeter.Bucket(0.1, 4));

        primary.reload().block(Probe.PATIENCE);
        ready();
        ready();

        assertThat(started()).as("two that have left, two that serve").isEqualTo(4);
        assertThat(meter("left").figures())
                .as("what they have counted while they left, when nobody asked")
                .isEqualTo(Map.of(ClusterMeter.COUNT, 2.0));
        assertThat(meter("work").buckets().get(1).count()).isEqualTo(8);

        events.clear();
        ClusterWorker victim = primary.workers().get(0);
        assertThat(victim.kill(Signal.KILL)).isTrue(); // it was asked before
        Probe.await(events, ClusterEvent.Exited.class::isInstance, "the end of the victim");
        ready();

        assertThat(started()).isEqualTo(5);
        assertThat(meters().stream().filter(each -> each.name().equals("slot"))).hasSize(2);
    }

    @Test
    void theControlSocketTellsThemAsAPageAndAsJson() throws IOException {
        assertThat(Probe.ask(primary.controlSocket(), "meters prometheus\n"))
                .startsWith("{\"ok\":true,\"page\":\"# TYPE left_total counter\\n")
                .contains(
                        "\\nstarted_total{app=\\\"test\\\"} 2.0\\n", "slot{app=\\\"test\\\",worker=\\\"1\\\"} 1.0\\n");
        assertThat(Probe.ask(primary.controlSocket(), "meters\n"))
                .startsWith(
                        "{\"ok\":true,\"meters\":[{\"name\":\"left\",\"tags\":{\"app\":\"test\"},\"kind\":\"COUNTER\"");
    }

    @Test
    void oneWhoDoesNotAnswerCountsWithWhatHeHasSaid() {
        assertThat(started()).isEqualTo(2);
        ClusterWorker stopped = primary.workers().get(0);
        assertThat(stopped.kill(Signal.STOP)).isTrue();

        assertThat(started()).isEqualTo(2);

        assertThat(stopped.kill(Signal.CONT)).isTrue();
    }
}
