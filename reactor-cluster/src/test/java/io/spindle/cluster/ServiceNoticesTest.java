// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

@ExtendWith(LeakCheck.class)
class ServiceNoticesTest {

    private static final String PID = String.valueOf(ProcessHandle.current().pid());

    @TempDir
    private Path directory;

    private final List<String> sent = new ArrayList<>();
    private final ServiceNotices notices = new ServiceNotices(sent::add);

    @Test
    void readyIsSaidOnceWhenAllThatAreWantedAre() {
        notices.tell(PrimaryState.RUNNING, 1, 2);
        notices.tell(PrimaryState.RUNNING, 1, 2);
        notices.tell(PrimaryState.RUNNING, 2, 2);
        notices.tell(PrimaryState.RUNNING, 1, 2);

        assertThat(sent)
                .containsExactly(
                        "STATUS=1 workers ready, 2 wanted",
                        "READY=1\nMAINPID=" + PID + "\nSTATUS=2 workers ready, 2 wanted",
                        "STATUS=1 workers ready, 2 wanted");
    }

    @Test
    void aReloadIsSaidWithItsTimeAndItsEndIsReadyAgain() {
        notices.tell(PrimaryState.RUNNING, 1, 1);
        sent.clear();
        long before = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());

        notices.reloadBegins();
        notices.tell(PrimaryState.RELOADING, 1, 1);
        notices.tell(PrimaryState.RELOADING, 2, 1);
        notices.reloadBegins(); // refused
        notices.tell(PrimaryState.RUNNING, 1, 1);
        notices.tell(PrimaryState.RUNNING, 1, 1);

        assertThat(sent).hasSize(5);
        assertThat(micros(sent.get(0))).isGreaterThanOrEqualTo(before);
        assertThat(sent.get(1)).isEqualTo("STATUS=reloading: 1 workers ready, 1 wanted");
        assertThat(sent.get(2)).isEqualTo("STATUS=reloading: 2 workers ready, 1 wanted");
        assertThat(micros(sent.get(3))).isGreaterThanOrEqualTo(micros(sent.get(0)));
        assertThat(sent.get(4)).isEqualTo("READY=1\nMAINPID=" + PID + "\nSTATUS=1 workers ready, 1 wanted");
    }

    @Test
    void aReloadBeforeTheFirstReadinessDoesNotEndInOne() {
        notices.reloadBegins();
        notices.tell(PrimaryState.RELOADING, 0, 2);
        notices.tell(PrimaryState.RUNNING, 0, 2);

        assertThat(sent).noneMatch(notice -> notice.contains("READY=1"));

        notices.tell(PrimaryState.RUNNING, 2, 2);

        assertThat(sent).last().asString().startsWith("READY=1\n");
    }

    private static long micros(String notice) {
        String begin = "RELOADING=1\nMONOTONIC_USEC=";
        assertThat(notice).startsWith(begin);
        return Long.parseLong(notice.substring(begin.length()));
    }

    @Test
    void aRecyclingIsStatusOnly() {
        notices.tell(PrimaryState.RUNNING, 1, 1);
        sent.clear();

        notices.tell(PrimaryState.RELOADING, 1, 1);
        notices.tell(PrimaryState.RUNNING, 1, 1);

        assertThat(sent)
                .containsExactly("STATUS=reloading: 1 workers ready, 1 wanted", "STATUS=1 workers ready, 1 wanted");
    }

    @Test
    void stoppingIsSaidOnce() {
        notices.tell(PrimaryState.STOPPING, 1, 1);
        notices.tell(PrimaryState.STOPPING, 0, 1);

        assertThat(sent)
                .containsExactly(
                        "STOPPING=1\nSTATUS=stopping: 1 workers ready, 1 wanted",
                        "STATUS=stopping: 0 workers ready, 1 wanted");
    }

    /** Runs a task with what the environment names, on a loop. */
    private static void with(Map<String, String> environment, Consumer<EventLoop> task) {
        EventLoop loop = EventLoopSpec.of("notices").start();
        ServiceNotices opened = Objects.requireNonNull(Mono.fromCallable(() -> ServiceNotices.of(loop, environment))
                .subscribeOn(loop)
                .block(Probe.PATIENCE));
        Mono.fromRunnable(() -> opened.tell(PrimaryState.RUNNING, 1, 1))
                .subscribeOn(loop)
                .block(Probe.PATIENCE);
        task.accept(loop);
        Mono.fromRunnable(opened::close).subscribeOn(loop).block(Probe.PATIENCE);
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theSocketIsAFileOrAnAbstractName(boolean isAbstract) {
        String path = isAbstract
                ? "spindle-notify-" + PID
                : directory.resolve("notify").toString();
        try (NotifyServer server = new NotifyServer(isAbstract ? "\0" + path : path)) {
            with(
                    Map.of("NOTIFY_SOCKET", isAbstract ? "@" + path : path),
                    loop -> assertThat(server.await("READY=1"))
                            .containsExactly("READY=1", "MAINPID=" + PID, "STATUS=1 workers ready, 1 wanted"));
        }
    }

    @Test
    void aServiceManagerThatHasRestartedIsToldToo() throws Exception {
        Path path = directory.resolve("notify");
        EventLoop loop = EventLoopSpec.of("notices").start();
        NotifySocket socket = new NotifySocket(loop, path.toString());
        try (NotifyServer first = new NotifyServer(path.toString())) {
            on(loop, () -> assertThat(socket.connect()).isTrue());
            on(loop, () -> socket.send("one"));
            assertThat(first.await("one")).hasSize(1);
        }
        Files.deleteIfExists(path);
        on(loop, () -> socket.send("lost"));
        try (NotifyServer second = new NotifyServer(path.toString())) {
            on(loop, () -> socket.send("two"));
            assertThat(second.await("two")).hasSize(1);
            on(loop, () -> socket.send("three"));
            assertThat(second.await("three")).hasSize(1);
        }
        on(loop, socket::dispose);
        on(loop, () -> socket.send("late"));
        assertThat(loop.metrics().channels()).isZero();
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    private static void on(EventLoop loop, Runnable task) {
        Mono.fromRunnable(task).subscribeOn(loop).block(Probe.PATIENCE);
    }

    @Test
    void theWatchdogIsAnsweredAgainAndAgain() {
        String path = directory.resolve("notify").toString();
        try (NotifyServer server = new NotifyServer(path)) {
            with(Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "20000", "WATCHDOG_PID", PID), loop -> {
                server.await("READY=1");
                assertThat(server.await("WATCHDOG=1")).containsExactly("WATCHDOG=1");
                assertThat(server.await("WATCHDOG=1")).containsExactly("WATCHDOG=1");
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"20000, 1", "0, ''", "soon, ''"})
    void aWatchdogOfSomebodyElseOrOfNoTimeIsNotAnswered(String limit, String pid) {
        String path = directory.resolve("notify").toString();
        try (NotifyServer server = new NotifyServer(path)) {
            with(Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", limit, "WATCHDOG_PID", pid), loop -> {
                assertThat(server.await("READY=1")).hasSize(3);
                assertThat(loop.metrics().timers()).isZero();
            });
        }
    }

    @Test
    void withoutASocketOrWithADeadOneNothingHappens() {
        String dead = directory.resolve("none").toString();
        for (Map<String, String> environment : List.of(
                Map.<String, String>of(),
                Map.of("NOTIFY_SOCKET", "", "WATCHDOG_USEC", "20000"),
                Map.of("NOTIFY_SOCKET", dead, "WATCHDOG_USEC", "20000"))) {
            with(environment, loop -> {
                assertThat(loop.metrics().timers()).isZero();
                assertThat(loop.metrics().channels()).isZero();
            });
        }
    }

    @Test
    void aClusterTellsItsReadinessItsReloadsAndItsEnd() {
        String path = directory.resolve("notify").toString();
        try (NotifyServer server = new NotifyServer(path)) {
            Primary primary = Objects.requireNonNull(PrimaryStart.of(
                            PrimarySpec.create()
                                    .workers(1)
                                    .main(App.class, "serve", "0")
                                    .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                                    .watch(Duration.ofMillis(100)),
                            Map.of("NOTIFY_SOCKET", path))
                    .block(Probe.PATIENCE));
            assertThat(server.await("STATUS=")).containsExactly("STATUS=0 workers ready, 1 wanted");
            assertThat(server.await("READY=1"))
                    .containsExactly("READY=1", "MAINPID=" + PID, "STATUS=1 workers ready, 1 wanted");

            primary.reload().block(Probe.PATIENCE);
            assertThat(server.await("RELOADING=1")).hasSize(2);
            assertThat(server.await("READY=1")).contains("STATUS=1 workers ready, 1 wanted");

            primary.disposeGracefully().block(Probe.PATIENCE);
            assertThat(server.await("STOPPING=1"))
                    .containsExactly("STOPPING=1", "STATUS=stopping: 1 workers ready, 1 wanted");
        }
    }

    @Test
    void aProgramTellsWhoIsNamedByItsEnvironmentAndItsWorkersDoNot() throws Exception {
        String path = directory.resolve("notify").toString();
        try (NotifyServer server = new NotifyServer(path);
                Program program = Program.start(List.of(
                        "env",
                        "NOTIFY_SOCKET=" + path,
                        "WATCHDOG_USEC=200000",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-Dlogback.configurationFile=quiet.xml",
                        "-cp",
                        System.getProperty("java.class.path"),
                        App.class.getName(),
                        "serve",
                        "0"))) {
            assertThat(server.await("READY=1"))
                    .contains("MAINPID=" + program.process().pid(), "STATUS=2 workers ready, 2 wanted");
            server.await("WATCHDOG=1");
            for (ProcessHandle worker : program.children()) {
                String environment = Files.readString(Path.of("/proc", String.valueOf(worker.pid()), "environ"));
                assertThat(environment).contains(Role.VARIABLE).doesNotContain("NOTIFY_SOCKET", "WATCHDOG_USEC");
            }

            program.process().toHandle().destroy();

            assertThat(server.await("STOPPING=1")).hasSize(2);
            assertThat(program.awaitEnd()).isZero();
        }
    }
}
