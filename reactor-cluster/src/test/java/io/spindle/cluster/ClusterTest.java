// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.process.Signal;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.Reply;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** One cluster of two workers for all tests, in this JVM as the primary. */
@ExtendWith(LeakCheck.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterTest {

    private final BlockingQueue<ClusterEvent> queue = Probe.queue();
    private final List<ClusterEvent> history = new CopyOnWriteArrayList<>();
    private Primary primary;
    private int port;

    @BeforeAll
    void start() {
        primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .restart(RestartPolicy.exponential(Duration.ofMillis(10), Duration.ofSeconds(1))
                        .maxFailedStarts(100))
                .onEvent(history::add)
                .onEvent(queue::add)
                .onRequest("double", (asked, message) -> Mono.just(Reply.of(doubled(asked, message))))
                .start()
                .block(Probe.PATIENCE));
        ready();
        ready();
        List<Integer> ports = history.stream()
                .filter(ClusterEvent.Listening.class::isInstance)
                .map(event -> ((ClusterEvent.Listening) event).port())
                .toList();
        port = ports.get(0);
        assertThat(ports).as("port 0 is the same in all workers").containsExactly(port, port);
    }

    @AfterAll
    void stop() {
        primary.disposeGracefully().block(Probe.PATIENCE);
        assertThat(primary.isDisposed()).isTrue();
        assertThat(primary.exit().block(Probe.PATIENCE)).isZero();
        assertThat(primary.workers()).isEmpty();
    }

    private int doubled(Primary asked, Message message) {
        assertThat(asked).isSameAs(primary);
        return message.as(Integer.class) * 2;
    }

    private ClusterWorker ready() {
        return Probe.await(queue, event -> event instanceof ClusterEvent.Ready, "a worker that is ready")
                .worker();
    }

    private Set<Long> livePids() {
        return primary.workers().stream().map(ClusterWorker::pid).collect(Collectors.toSet());
    }

    @Test
    void allWorkersAnswerOnOnePort() throws IOException {
        assertThat(Probe.pids(port, 2)).isEqualTo(livePids()).hasSize(2);
        assertThat(primary.workers()).extracting(ClusterWorker::slot).containsExactlyInAnyOrder(0, 1);
        assertThat(primary.workers()).allMatch(ClusterWorker::isConnected).noneMatch(ClusterWorker::isDead);
        assertThat(primary.workers()).extracting(ClusterWorker::state).containsOnly(WorkerState.READY);
        assertThat(primary.workers())
                .extracting(ClusterWorker::exitedAfterDisconnect)
                .containsOnly(Optional.empty());
    }

    @Test
    void messagesGoToAWorkerAndBackAndToAll() {
        ClusterWorker worker = primary.workers().get(0);

        StepVerifier.create(worker.receive()
                        .map(message -> message.as(String.class))
                        .take(2))
                .then(() -> worker.send("one").then(worker.send("two")).subscribe())
                .expectNext("echo one", "echo two")
                .expectComplete()
                .verify(Probe.PATIENCE);
        StepVerifier.create(primary.messages()
                        .filter(event -> event.message().as(String.class).equals("echo all"))
                        .map(event -> event.worker().id())
                        .take(2)
                        .collect(Collectors.toSet()))
                .then(() -> primary.broadcast("all").subscribe())
                .expectNext(primary.workers().stream().map(ClusterWorker::id).collect(Collectors.toSet()))
                .expectComplete()
                .verify(Probe.PATIENCE);
    }

    @Test
    void aWorkerAsksThePrimary() {
        ClusterWorker worker = primary.workers().get(0);

        StepVerifier.create(worker.receive()
                        .map(message -> message.as(String.class))
                        .next())
                .then(() -> worker.send("ask").subscribe())
                .expectNext("asked 42")
                .expectComplete()
                .verify(Probe.PATIENCE);
    }

    @Test
    void subjectsOfTheClusterItselfAreTaken() {
        assertThatThrownBy(() -> PrimarySpec.create().onRequest("spindle.x", (asked, message) -> Mono.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("subject must not begin with spindle., was spindle.x");
    }

    @Test
    void aKilledWorkerIsReplacedWhileTheOtherGoesOn() throws IOException {
        queue.clear();
        ClusterWorker victim = primary.workers().get(0);
        ClusterWorker other = primary.workers().get(1);

        assertThat(victim.kill(Signal.KILL)).isTrue();
        ClusterEvent.Exited exited = (ClusterEvent.Exited)
                Probe.await(queue, event -> event instanceof ClusterEvent.Exited, "the end of the victim");
        assertThat(exited.worker()).isSameAs(victim);
        assertThat(exited.signal()).contains(Signal.KILL);
        assertThat(exited.exitedAfterDisconnect()).isFalse();
        for (int i = 0; i < 20; i++) {
            assertThat(Probe.pid(port)).as("never refused, never a dead one").isNotEqualTo(victim.pid());
        }
        ClusterWorker replacement = ready();
        assertThat(replacement.slot()).isEqualTo(victim.slot());
        assertThat(replacement.id()).isGreaterThan(other.id());
        assertThat(Probe.pids(port, 2)).containsExactlyInAnyOrder(other.pid(), replacement.pid());
        assertThat(victim.isDead()).isTrue();
        assertThat(eventsOf(victim))
                .containsExactly("Forked", "Online", "Listening", "Ready", "Disconnected", "Exited");
        StepVerifier.create(victim.send("late")).expectError().verify(Probe.PATIENCE);
    }

    @Test
    void aWorkerThatIsKilledUnderLoadLosesWhatItHadInHandAndNoMore() throws Exception {
        queue.clear();
        int clients = 4;
        ClusterWorker victim = primary.workers().get(0);
        try (Load load = Load.startTolerant(port, clients)) {
            assertThat(victim.kill(Signal.KILL)).isTrue();
            Probe.await(queue, event -> event instanceof ClusterEvent.Exited, "the end of the victim");
            assertThat(Probe.pid(port)).as("the other one goes on").isNotEqualTo(victim.pid());
            ClusterWorker replacement = ready();

            assertThat(Probe.pids(port, 2)).contains(replacement.pid()).doesNotContain(victim.pid());
            assertThat(load.end()).isPositive();
            assertThat(load.lost()).as("at most one request of each client").isLessThanOrEqualTo(clients);
        }
    }

    @SuppressWarnings("ReferenceEquality") // a worker is one object
    private List<String> eventsOf(ClusterWorker worker) {
        return history.stream()
                .filter(event -> event.worker() == worker && !(event instanceof ClusterEvent.Message))
                .map(event -> event.getClass().getSimpleName())
                .toList();
    }

    @Test
    @DisplayName("O-66: a worker killed by the primary drains, its code tells the signal, its flag is false")
    void aWorkerThatGetsTermDrainsAndSaysSoByItsCode() throws IOException {
        queue.clear();
        ClusterWorker victim;
        try (Socket client = Http1.connect(port)) {
            Http1.ask(client, "/never", "");
            victim = Probe.await(queue, ClusterTest::isBegun, "the begin of a request that holds up the drain")
                    .worker();

            assertThat(victim.kill(Signal.TERM)).isTrue();
            assertThat(victim.exitedAfterDisconnect()).as("not yet decided").isEmpty();
        }
        ClusterEvent.Exited exited = (ClusterEvent.Exited)
                Probe.await(queue, event -> event instanceof ClusterEvent.Exited, "the end of the victim");
        ClusterWorker replacement = ready();

        assertThat(exited.code()).isEqualTo(128 + Signal.TERM.number());
        assertThat(exited.exitedAfterDisconnect()).isFalse();
        assertThat(replacement.slot()).isEqualTo(victim.slot());
    }

    private static boolean isBegun(ClusterEvent event) {
        return event instanceof ClusterEvent.Message said
                && said.message().as(String.class).equals("begun");
    }

    @Test
    void aWorkerThatWasToldToEndFinishesItsRequestAndIsNotReplaced() throws Exception {
        BlockingQueue<ClusterEvent> events = Probe.queue();
        Primary single = Objects.requireNonNull(PrimarySpec.create()
                .workers(1)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
        ClusterEvent.Listening listening = (ClusterEvent.Listening)
                Probe.await(events, event -> event instanceof ClusterEvent.Listening, "a worker that listens");
        Mono<String> slow = Mono.fromCallable(() -> Probe.get(listening.port(), "/slow"))
                .subscribeOn(reactor.core.scheduler.Schedulers.boundedElastic())
                .cache();
        slow.subscribe();
        Probe.await(events, event -> event instanceof ClusterEvent.Message, "the begin of the slow request");

        listening.worker().disconnect().block(Probe.PATIENCE);

        assertThat(slow.block(Probe.PATIENCE)).contains("begin").contains("end");
        ClusterEvent.Exited exited =
                (ClusterEvent.Exited) Probe.await(events, event -> event instanceof ClusterEvent.Exited, "the end");
        assertThat(exited.code()).isZero();
        assertThat(exited.exitedAfterDisconnect()).isTrue();
        assertThat(single.exit().block(Probe.PATIENCE))
                .as("nothing is left to do")
                .isZero();
    }

    @Test
    void aCrashLoopEndsTheClusterWithAVerdict() {
        Primary doomed = Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(App.class, "exit", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .restart(RestartPolicy.exponential(Duration.ofMillis(1), Duration.ofMillis(10))
                        .maxFailedStarts(2)
                        .stableAfter(Duration.ofMinutes(1)))
                .start()
                .block(Probe.PATIENCE));

        StepVerifier.create(doomed.exit())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(ClusterException.class)
                        .hasMessageContaining("crash loop: ")
                        .hasMessageContaining("ended with exit code 42"))
                .verify(Probe.PATIENCE);
        assertThat(doomed.workers()).isEmpty();
    }
}
