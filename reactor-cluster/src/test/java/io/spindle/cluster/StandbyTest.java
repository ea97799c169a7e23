// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.process.Signal;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** One cluster with one worker that serves and one in standby. Each test begins when they do. */
@ExtendWith(LeakCheck.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StandbyTest {

    private final BlockingQueue<ClusterEvent> events = Probe.queue();
    private final List<ClusterEvent> history = new CopyOnWriteArrayList<>();
    private Primary primary;
    private int port;

    @BeforeAll
    void start() {
        primary = start(Listening.shared());
        port = ((ClusterEvent.Listening) next(ClusterEvent.Listening.class)).port();
    }

    private Primary start(Listening listening) {
        return Objects.requireNonNull(PrimarySpec.create()
                .workers(1)
                .standby(1)
                .listening(listening)
                .watch(Duration.ofMillis(100))
                .main(App.class, "standby", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .onEvent(history::add)
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
    }

    @BeforeEach
    void awaitBoth() {
        Program.eventually(() -> states().equals(List.of(WorkerState.STANDBY, WorkerState.READY)));
        events.clear();
        history.clear();
    }

    private List<WorkerState> states() {
        return primary.workers().stream().map(ClusterWorker::state).sorted().toList();
    }

    private ClusterEvent next(Class<? extends ClusterEvent> type) {
        return Probe.await(events, type::isInstance, type.getSimpleName());
    }

    private ClusterWorker the(WorkerState state) {
        return primary.workers().stream()
                .filter(worker -> worker.state() == state)
                .findFirst()
                .orElseThrow();
    }

    @SuppressWarnings("ReferenceEquality") // a worker is one object
    private List<String> eventsOf(ClusterWorker worker) {
        return history.stream()
                .filter(event -> event.worker() == worker)
                .map(event -> event.getClass().getSimpleName())
                .toList();
    }

    @AfterAll
    void theClusterEndsWithTheLastWorkerThatServes() {
        awaitBoth();

        the(WorkerState.READY).disconnect().block(Probe.PATIENCE);

        assertThat(primary.exit().block(Probe.PATIENCE)).isZero();
        assertThat(primary.workers()).isEmpty();
    }

    @Test
    void aDeadWorkerIsFollowedByTheOneThatIsWarm() throws Exception {
        ClusterWorker victim = the(WorkerState.READY);
        ClusterWorker warm = the(WorkerState.STANDBY);
        assertThat(Probe.pid(port)).as("who waits accepts nothing").isEqualTo(victim.pid());

        victim.kill(Signal.KILL);

        assertThat(Probe.pid(port)).as("never refused").isEqualTo(warm.pid());
        assertThat(next(ClusterEvent.Forked.class).worker().slot()).isEqualTo(victim.slot());
        assertThat(history.subList(0, 4))
                .as("before anything is started")
                .extracting(event -> event.getClass().getSimpleName())
                .startsWith("Disconnected", "Exited", "Ready");
        Program.eventually(() -> eventsOf(warm).contains("Message")); // of WorkerContext.onReady
        assertThat(eventsOf(warm)).as("not before it serves").containsExactly("Ready", "Message");
        ClusterWorker next = next(ClusterEvent.Standby.class).worker();
        assertThat(eventsOf(next)).containsExactly("Forked", "Online", "Listening", "Standby");
        assertThat(the(WorkerState.READY)).isSameAs(warm);
        assertThat(primary.metrics().deaths()).isPositive();
    }

    @Test
    void aWorkerInStandbyThatDiesIsReplacedAndTheOtherServesOn() throws Exception {
        ClusterWorker serving = the(WorkerState.READY);
        ClusterWorker warm = the(WorkerState.STANDBY);

        warm.kill(Signal.KILL);

        ClusterWorker next = next(ClusterEvent.Standby.class).worker();
        assertThat(next.slot()).isEqualTo(warm.slot());
        assertThat(the(WorkerState.READY)).isSameAs(serving);
        assertThat(Probe.pid(port)).isEqualTo(serving.pid());
    }

    @Test
    void scalingLeavesThoseInStandby() {
        ClusterWorker warm = the(WorkerState.STANDBY);

        primary.scale(2).block(Probe.PATIENCE);
        next(ClusterEvent.Ready.class);

        assertThat(primary.wanted()).isEqualTo(2);
        assertThat(states()).containsExactly(WorkerState.STANDBY, WorkerState.READY, WorkerState.READY);
        primary.scale(1).block(Probe.PATIENCE);
        assertThat(states()).containsExactly(WorkerState.STANDBY, WorkerState.READY);
        assertThat(the(WorkerState.STANDBY)).isSameAs(warm);
    }

    @Test
    void aReloadReplacesThoseInStandbyToo() throws Exception {
        List<ClusterWorker> old = primary.workers();
        try (Load load = Load.start(port, 4)) {
            primary.reload().block(Probe.PATIENCE);

            assertThat(load.end()).isPositive(); // a lost request is an exception
        }

        assertThat(old).allMatch(ClusterWorker::isDead);
        assertThat(states()).containsExactly(WorkerState.STANDBY, WorkerState.READY);
        assertThat(primary.workers()).extracting(ClusterWorker::slot).containsExactlyInAnyOrder(0, 1);
    }

    @Test
    void statusAndMetricsTellThemApart() throws Exception {
        assertThat(primary.wanted()).isEqualTo(1);
        assertThat(primary.metrics().wanted()).isEqualTo(1);
        assertThat(primary.metrics().workers())
                .containsEntry(WorkerState.READY, 1)
                .containsEntry(WorkerState.STANDBY, 1);
        assertThat(Probe.ask(primary.controlSocket(), "status\n"))
                .contains("\"wanted\":1,", "\"state\":\"ready\"", "\"state\":\"standby\"");
    }

    @Test
    void aWorkerInStandbyMayLeave() {
        Primary other = start(Listening.shared());
        ClusterWorker warm = next(ClusterEvent.Standby.class).worker();

        warm.disconnect().block(Probe.PATIENCE);

        assertThat(other.workers()).extracting(ClusterWorker::state).containsExactly(WorkerState.READY);
        other.disposeGracefully().block(Probe.PATIENCE);
    }

    @Test
    void connectionsAreHandedToWhoeverIsPromoted() throws Exception {
        Primary other = start(Listening.handOff(Balance.roundRobin()));
        int handing = ((ClusterEvent.Listening) next(ClusterEvent.Listening.class)).port();
        ClusterWorker warm = next(ClusterEvent.Standby.class).worker();
        ClusterWorker victim = other.workers().get(0);
        assertThat(Probe.pid(handing)).isEqualTo(victim.pid());
        assertThat(Probe.pid(handing)).isEqualTo(victim.pid());

        victim.kill(Signal.KILL);

        next(ClusterEvent.Exited.class);
        assertThat(Probe.pid(handing)).isEqualTo(warm.pid());
        other.disposeGracefully().block(Probe.PATIENCE);
    }
}
