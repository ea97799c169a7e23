// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What was observed of Node's clusters, with workers that are processes; the rest is in {@link HandOffRulesTest}. */
@ExtendWith(LeakCheck.class)
class NodeRulesTest {

    private final BlockingQueue<ClusterEvent> events = Probe.queue();
    private final List<Primary> started = new ArrayList<>();

    @AfterEach
    void stop() {
        started.forEach(primary -> primary.disposeGracefully().block(Probe.PATIENCE));
    }

    private PrimarySpec spec(int workers, String mode) {
        return PrimarySpec.create()
                .workers(workers)
                .main(App.class, mode, "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .restart(RestartPolicy.exponential(Duration.ofMinutes(1), Duration.ofMinutes(1))) // later than the end
                .onEvent(events::add);
    }

    private void start(int workers, String mode) {
        started.add(Objects.requireNonNull(spec(workers, mode).start().block(Probe.PATIENCE)));
    }

    private <T extends ClusterEvent> T next(Class<T> type) {
        return type.cast(Probe.await(events, type::isInstance, type.getSimpleName()));
    }

    @Test
    @DisplayName("O-64: fork, online, listening, ready, disconnect, exit of a worker that the primary disconnects")
    void theEventsOfADisconnectComeInOrder() {
        List<ClusterEvent> seen = new ArrayList<>();
        start(1, "serve");

        while (seen.isEmpty() || !(seen.get(seen.size() - 1) instanceof ClusterEvent.Exited)) {
            ClusterEvent event = next(ClusterEvent.class);
            seen.add(event);
            if (event instanceof ClusterEvent.Ready) {
                assertThat(event.worker().exitedAfterDisconnect()).isEmpty();
                event.worker().disconnect().subscribe();
            }
        }

        assertThat(seen)
                .extracting(event -> event.getClass().getSimpleName())
                .containsExactly("Forked", "Online", "Listening", "Ready", "Disconnected", "Exited");
        ClusterEvent.Exited exited = (ClusterEvent.Exited) seen.get(seen.size() - 1);
        assertThat(exited).isEqualTo(new ClusterEvent.Exited(exited.worker(), 0, Optional.empty(), true));
        assertThat(exited.worker().exitedAfterDisconnect()).contains(true);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("O-64: the events of a disconnect come home to the loop in their order, however it waits")
    void theEventsOfADisconnectComeHome(Transport transport) {
        List<String> home = new ArrayList<>();

        transport.run(loop -> spec(1, "serve").start().subscribe(primary -> {
            started.add(primary);
            primary.events().subscribe(event -> {
                home.add(event.getClass().getSimpleName() + " " + loop.inLoop());
                if (event instanceof ClusterEvent.Ready) {
                    event.worker().disconnect().subscribe();
                } else if (event instanceof ClusterEvent.Exited) {
                    primary.disposeGracefully().subscribe();
                }
            });
        }));

        assertThat(home)
                .containsSubsequence("Listening true", "Ready true", "Disconnected true", "Exited true")
                .allMatch(event -> event.endsWith(" true"))
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest(name = "[{index}] {0} {1}")
    @DisplayName("O-65: a worker that exits with 3, disconnects itself, throws: (3, false), (0, true), (1, false)")
    @CsvSource({"serve, exit, 3, false", "serve, leave, 0, true", "throw, '', 1, false"})
    void theEndOfAWorkerTellsWhetherItWasWanted(String mode, String said, int code, boolean wanted) {
        start(1, mode);
        if (!said.isEmpty()) {
            next(ClusterEvent.Ready.class).worker().send(said).block(Probe.PATIENCE);
        }

        ClusterEvent.Exited exited = next(ClusterEvent.Exited.class);

        assertThat(exited).isEqualTo(new ClusterEvent.Exited(exited.worker(), code, Optional.empty(), wanted));
        assertThat(exited.worker().exitedAfterDisconnect()).contains(wanted);
    }

    @Test
    @DisplayName("O-67: port 0 is by the number of the call the same in all workers, and another within one")
    void anyPortIsTheSameByTheNumberOfTheCall() {
        start(2, "farewell"); // binds two servers

        List<ClusterEvent.Listening> bound = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            bound.add(next(ClusterEvent.Listening.class));
        }

        Map<Integer, List<Integer>> ports = bound.stream()
                .collect(Collectors.groupingBy(
                        event -> event.worker().id(), Collectors.mapping(event -> event.port(), Collectors.toList())));
        List<List<Integer>> perWorker = List.copyOf(ports.values());
        assertThat(perWorker).hasSize(2);
        assertThat(perWorker.get(0)).isEqualTo(perWorker.get(1)).hasSize(2).doesNotHaveDuplicates();
    }
}
