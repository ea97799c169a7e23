// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The control socket of a primary that does what the test says. */
@ExtendWith(LeakCheck.class)
class AdminSocketTest {

    private static final int HUGE = 4_000_000;
    private static final Duration SHORT = Duration.ofMillis(500);

    private final EventLoop loop = EventLoopSpec.of("admin").start();
    private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    private final AtomicInteger looks = new AtomicInteger();
    private final Sinks.Empty<Void> work = Sinks.empty();
    private final Primary primary = (Primary) Proxy.newProxyInstance(
            Primary.class.getClassLoader(),
            new Class<?>[] {Primary.class},
            (proxy, method, arguments) -> called(method.getName(), arguments));

    @TempDir
    private Path directory;

    private String listening = "127.0.0.1:3000";
    private Path path;
    private AdminSocket socket;

    private Object called(String name, Object @Nullable [] arguments) {
        if (name.equals("workers")) {
            return List.of();
        }
        if (arguments != null) {
            PrimarySpec.checkWorkers((int) arguments[0]);
        }
        asked.add(name);
        return work.asMono();
    }

    @BeforeEach
    void start() {
        path = directory.resolve("control");
        open(AdminSocket.PATIENCE);
    }

    private void open(Duration patience) {
        AdminCommands commands = new AdminCommands(primary, this::status, new RecentLines());
        socket = onLoop(() -> AdminSocket.open(loop, path, commands, patience));
    }

    private void reopen(Duration patience) {
        close();
        open(patience);
    }

    private AdminStatus status() {
        looks.incrementAndGet();
        AdminStatus.Worker worker = new AdminStatus.Worker(10, 11, 12, 13, "ready", 14, 15, 16, 17, 18, 22, 23);
        return new AdminStatus(1, "running", 2, 3, List.of(listening), 4, 5, 6, 7, 8, 9, 19, 20, 21, List.of(worker));
    }

    private <T> T onLoop(Callable<T> task) {
        return Objects.requireNonNull(Mono.fromCallable(task).subscribeOn(loop).block(Probe.PATIENCE));
    }

    private void close() {
        Mono.defer(() -> socket.close()).subscribeOn(loop).block(Probe.PATIENCE);
    }

    private void awaitSessions(int count) {
        Program.eventually(() -> onLoop(socket::sessions) == count);
    }

    @AfterEach
    void stop() {
        close();
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    @Test
    void aRequestIsAnsweredByALineAndTheEndOfTheConnection() throws IOException {
        assertThat(Probe.ask(path, "status\n"))
                .isEqualTo("{\"ok\":true,\"status\":{\"pid\":1,\"state\":\"running\",\"upMillis\":2,\"wanted\":3,"
                        + "\"listening\":[\"127.0.0.1:3000\"],\"forks\":4,\"deaths\":5,\"recycled\":6,\"reloads\":7,"
                        + "\"failedReloads\":8,\"accepted\":9,\"requests\":19,\"connections\":20,\"residentBytes\":21,"
                        + "\"workers\":[{\"id\":10,\"slot\":11,\"generation\":12,\"pid\":13,\"state\":\"ready\","
                        + "\"upMillis\":14,\"accepted\":15,\"requests\":16,\"connections\":17,\"residentBytes\":18,"
                        + "\"cpuMillis\":22,\"loopDelayMicros\":23}]}}\n");
        assertThat(Probe.ask(path, "top\n")).isEqualTo(Probe.ask(path, "status\n"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-------");
    }

    @ParameterizedTest
    @CsvSource({
        "restart, 'a request is status, top, meters, logs, reload, scale N or stop, was restart'",
        "status now, 'a request is status, top, meters, logs, reload, scale N or stop, was status now'",
        "'', 'a request is status, top, meters, logs, reload, scale N or stop, was '",
        "scale, 'a request is status, top, meters, logs, reload, scale N or stop, was scale'",
        "scale two, 'N of scale N must be a number, was two'",
        "scale 0, 'workers must be at least 1, was 0'"
    })
    void aWrongRequestIsAnsweredByTheReason(String request, String reason) throws IOException {
        assertThat(Probe.ask(path, request + "\n")).isEqualTo("{\"ok\":false,\"error\":\"" + reason + "\"}\n");
        assertThat(asked).isEmpty();
    }

    @Test
    void aLineWithoutAnEndIsRefused() throws IOException {
        assertThat(Probe.ask(path, "s".repeat(AdminSession.MAX_LINE_BYTES + 1)))
                .isEqualTo("{\"ok\":false,\"error\":\"a request has at most 256 bytes\"}\n");
    }

    @Test
    void whatTakesLongIsAnsweredWhenItIsDone() throws IOException {
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "scale 3\r\nscale 4\n");
            assertThat(Probe.await(asked, any -> true, "the request")).isEqualTo("scale");

            work.tryEmitEmpty();

            assertThat(Probe.readAll(client)).isEqualTo("{\"ok\":true}\n");
            assertThat(asked).as("one request for a connection").isEmpty();
        }
    }

    @Test
    void aFailureIsToldByItsMessage() throws IOException {
        work.tryEmitError(new ClusterException("a \"reload\" is running already"));

        assertThat(Probe.ask(path, "reload\n"))
                .isEqualTo("{\"ok\":false,\"error\":\"a \\\"reload\\\" is running already\"}\n");
    }

    @Test
    void theEndOfTheClusterAnswersThoseWhoWait() throws IOException {
        try (SocketChannel stops = Probe.connect(path);
                SocketChannel scales = Probe.connect(path);
                SocketChannel idle = Probe.connect(path)) {
            Probe.write(stops, "stop\n");
            assertThat(Probe.await(asked, any -> true, "the stop")).isEqualTo("disposeGracefully");
            Probe.write(scales, "scale 3\n");
            assertThat(Probe.await(asked, any -> true, "the scale")).isEqualTo("scale");
            awaitSessions(3);

            close();

            assertThat(Probe.readAll(stops)).isEqualTo("{\"ok\":true}\n");
            assertThat(Probe.readAll(scales))
                    .isEqualTo("{\"ok\":false,\"error\":\"the cluster ended before that was done\"}\n");
            assertThat(Probe.readAll(idle)).isEmpty();
            assertThat(path).doesNotExist();
            assertThatThrownBy(() -> Probe.connect(path)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void whoSaysNothingIsClosed() throws IOException {
        reopen(SHORT);
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "stat"); // no line

            assertThat(Probe.readAll(client)).isEmpty();
        }
    }

    @Test
    void whoDoesNotReadTheAnswerIsClosed() throws IOException {
        listening = "x".repeat(HUGE);
        reopen(SHORT.multipliedBy(4));
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "status\n");
            Program.eventually(() -> looks.get() == 1);
            awaitSessions(0);

            assertThat(Probe.readAll(client)).startsWith("{\"ok\":true").hasSizeLessThan(HUGE);
        }
    }

    @Test
    void tooManyAtOnceAreRefused() throws IOException {
        List<SocketChannel> clients = new ArrayList<>();
        for (int i = 0; i < AdminSocket.MAX_SESSIONS; i++) {
            SocketChannel client = Probe.connect(path);
            clients.add(client);
            Probe.write(client, "scale 3\n");
        }
        awaitSessions(AdminSocket.MAX_SESSIONS);

        assertThat(Probe.ask(path, "status\n"))
                .isEqualTo("{\"ok\":false,\"error\":\"more than 16 ask at once: try again\"}\n");

        work.tryEmitEmpty();
        for (SocketChannel client : clients) {
            assertThat(Probe.readAll(client)).isEqualTo("{\"ok\":true}\n");
            client.close();
        }
        awaitSessions(0);
        assertThat(Probe.ask(path, "status\n")).startsWith("{\"ok\":true");
    }

    @Test
    void farTooManyAtOnceAreClosed() throws IOException {
        List<SocketChannel> clients = new ArrayList<>();
        for (int i = 0; i < AdminSocket.MAX_GUESTS; i++) {
            clients.add(Probe.connect(path));
        }
        awaitSessions(AdminSocket.MAX_GUESTS);

        try (SocketChannel next = Probe.connect(path)) {
            assertThat(Probe.readAll(next)).isEmpty();
        }
        for (SocketChannel client : clients) {
            client.close();
        }
        awaitSessions(0);
    }

    @Test
    void whoGoesLeavesItsPlaceAndNothingElse() throws IOException {
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "scale 3\n");
            assertThat(Probe.await(asked, any -> true, "the scale")).isEqualTo("scale");
            Program.eventually(() -> work.currentSubscriberCount() == 1);
        }

        awaitSessions(0);
        Program.eventually(() -> work.currentSubscriberCount() == 0);
    }

    @Test
    void whoClosesItsOutputIsAnsweredAllTheSame() throws IOException {
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "status\n");
            client.shutdownOutput(); // as nc -N and socat do at the end of their input

            assertThat(Probe.readAll(client)).startsWith("{\"ok\":true").endsWith("}\n");
        }
        awaitSessions(0);
    }

    @Test
    void whoClosesItsOutputMayWaitForLong() throws IOException {
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "scale 3\n");
            client.shutdownOutput();
            Program.eventually(() -> work.currentSubscriberCount() == 1);
            awaitInputClosed();

            work.tryEmitEmpty();

            assertThat(Probe.readAll(client)).isEqualTo("{\"ok\":true}\n");
        }
        awaitSessions(0);
    }

    @Test
    void whoClosesItsOutputMayReadSlowly() throws IOException {
        listening = "x".repeat(HUGE);
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "status\n");
            client.shutdownOutput();
            Program.eventually(() -> looks.get() == 1);

            assertThat(Probe.readAll(client)).hasSizeGreaterThan(HUGE).endsWith("}\n");
        }
        awaitSessions(0);
    }

    @Test
    void whoClosesItsOutputAndGoesLeavesItsPlace() throws IOException {
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "scale 3\n");
            client.shutdownOutput();
            Program.eventually(() -> work.currentSubscriberCount() == 1);
            awaitInputClosed();
            assertThat(onLoop(socket::sessions)).isEqualTo(1);
        }

        awaitSessions(0);
        Program.eventually(() -> work.currentSubscriberCount() == 0);
    }

    @Test
    void whoClosesItsOutputWithoutALineIsClosed() throws IOException {
        try (SocketChannel client = Probe.connect(path)) {
            Probe.write(client, "status");
            client.shutdownOutput();

            assertThat(Probe.readAll(client)).isEmpty();
        }
        awaitSessions(0);
    }

    private void awaitInputClosed() {
        Program.eventually(() -> onLoop(socket::parked) == 1);
    }

    @Test
    void theFirstStopAndTheEndNeedNoTimeForJackson() {
        AdminCommands commands = new AdminCommands(primary, this::status, new RecentLines());
        List<String> answers = new ArrayList<>();
        for (String request : List.of("stop", "reload")) {
            commands.answer(request).lines().subscribe(line -> answers.add(new String(line, StandardCharsets.UTF_8)));
        }

        commands.end();

        assertThat(answers)
                .as("on this thread")
                .containsExactly(
                        "{\"ok\":true}\n", "{\"ok\":false,\"error\":\"the cluster ended before that was done\"}\n");
    }

    @Test
    void theKernelIsAskedWhoConnects() throws IOException {
        close();
        AdminCommands commands = new AdminCommands(primary, this::status, new RecentLines());
        BlockingQueue<List<Integer>> users = new LinkedBlockingQueue<>();
        socket = onLoop(() -> AdminSocket.open(loop, path, commands, AdminSocket.PATIENCE, (user, owner) -> {
            users.add(List.of(user, owner));
            return false;
        }));

        try (SocketChannel client = Probe.connect(path)) {
            assertThat(Probe.readAll(client)).isEmpty();
        }
        int self = (int) Files.getAttribute(path, "unix:uid");
        assertThat(users).containsExactly(List.of(self, self));
        assertThat(looks).hasValue(0);
    }

    @Test
    void aPlaceThatCannotBeIsOneClearError() {
        Path nowhere = directory.resolve("missing").resolve("control");

        assertThatThrownBy(() -> onLoop(() -> AdminSocket.open(
                        loop,
                        nowhere,
                        new AdminCommands(primary, this::status, new RecentLines()),
                        AdminSocket.PATIENCE)))
                .isInstanceOf(ClusterException.class)
                .hasMessageStartingWith("the cluster cannot start: no control socket at " + nowhere + ": ")
                .hasMessageEndingWith("No such file or directory");
    }

    @Test
    void onlyItsOwnerAndRootAreAllowed() {
        assertThat(AdminSocket.isAllowed(1000, 1000)).isTrue();
        assertThat(AdminSocket.isAllowed(0, 1000)).isTrue();
        assertThat(AdminSocket.isAllowed(1001, 1000)).isFalse();
    }
}
