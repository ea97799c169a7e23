// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class SocketFileTest {

    private static final int BACKLOG = 8;

    @TempDir
    private Path temporary;

    private static ServerSocketChannel listen(Path socket) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
    }

    private static void close(SocketFile file) throws IOException {
        new FileDescriptor(file.descriptor()).close();
    }

    private static void assertThatSomebodyListens(Path socket) throws IOException {
        try (SocketChannel client = Probe.connect(socket)) {
            assertThat(client.isConnected()).isTrue();
        }
    }

    private void assertThatItIsAlone(Path socket) throws IOException {
        try (var files = Files.list(temporary)) {
            assertThat(files).as("no lock, nothing else").containsExactly(socket);
        }
    }

    @Test
    void itListensAndGoes() throws IOException {
        Path socket = temporary.resolve("http");

        SocketFile file = SocketFile.listen(socket, BACKLOG);

        assertThatSomebodyListens(socket);
        assertThatItIsAlone(socket);
        assertThat(file.remove()).isTrue();
        assertThat(file.remove()).isFalse();
        close(file);
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void whatNobodyListensOnIsReplaced() throws IOException {
        Path socket = temporary.resolve("http");
        listen(socket).close();
        assertThat(socket).as("the JDK leaves it").exists();

        SocketFile file = SocketFile.listen(socket, BACKLOG);

        assertThatSomebodyListens(socket);
        assertThatItIsAlone(socket);
        close(file);
    }

    @Test
    void whatSomebodyListensOnStays() throws IOException {
        Path socket = temporary.resolve("http");
        try (ServerSocketChannel other = listen(socket)) {
            assertThatThrownBy(() -> SocketFile.listen(socket, BACKLOG))
                    .isInstanceOf(BindException.class)
                    .hasMessage("Address already in use");

            assertThatSomebodyListens(socket);
            assertThat(other.isOpen()).isTrue();
            assertThatItIsAlone(socket);
        }
    }

    @Test
    void aSocketWhoseBacklogIsFullStays() throws IOException {
        Path socket = temporary.resolve("http");
        List<SocketChannel> waiting = new ArrayList<>();
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket), 1);
            assertThatThrownBy(() -> {
                        while (true) {
                            SocketChannel next = SocketChannel.open(StandardProtocolFamily.UNIX);
                            waiting.add(next);
                            next.configureBlocking(false);
                            next.connect(UnixDomainSocketAddress.of(socket));
                        }
                    })
                    .hasMessage("Resource temporarily unavailable");

            assertThatThrownBy(() -> SocketFile.listen(socket, BACKLOG)).hasMessage("Address already in use");
            assertThat(socket).exists();
        } finally {
            for (SocketChannel each : waiting) {
                each.close();
            }
        }
    }

    @Test
    void anyOtherFileStays() throws IOException {
        Path file = Files.writeString(temporary.resolve("http"), "a letter");
        Path directory = Files.createDirectory(temporary.resolve("directory"));
        Path link = Files.createSymbolicLink(temporary.resolve("link"), temporary.resolve("nowhere"));

        for (Path each : List.of(file, directory, link)) {
            assertThatThrownBy(() -> SocketFile.listen(each, BACKLOG))
                    .isExactlyInstanceOf(IOException.class)
                    .hasMessage("there is a file that is no socket");
        }
        assertThat(file).hasContent("a letter");
        assertThat(directory).isDirectory();
        assertThat(link).isSymbolicLink();
    }

    @Test
    void aSocketOfAnotherKindStays() {
        Path socket = temporary.resolve("http");
        try (NotifyServer datagrams = new NotifyServer(socket.toString())) {
            assertThat(datagrams).isNotNull();
            assertThatThrownBy(() -> SocketFile.listen(socket, BACKLOG))
                    .isInstanceOf(IOException.class)
                    .hasMessage("Protocol wrong type for socket");
            assertThat(socket).exists();
        }
    }

    @Test
    void theErrorsAreInPlainWords() {
        assertThatThrownBy(() -> SocketFile.listen(temporary.resolve("none").resolve("http"), BACKLOG))
                .hasMessage("no such directory");
        assertThatThrownBy(() -> SocketFile.listen(Path.of("/" + "x".repeat(107)), BACKLOG))
                .hasMessage("the path of a socket has at most 107 bytes, this one 108");
    }

    @Test
    void theFileOfAnotherIsNotRemoved() throws IOException {
        Path socket = temporary.resolve("http");
        SocketFile file = SocketFile.listen(socket, BACKLOG);
        Files.move(socket, temporary.resolve("away"));
        try (ServerSocketChannel other = listen(socket)) {
            assertThat(file.remove()).isFalse();

            assertThat(other.isOpen()).isTrue();
            assertThat(socket).exists();
        }
        close(file);
    }

    @Test
    void ofManyThatBeginAtOnceOneListens() throws Exception {
        Path socket = temporary.resolve("http");
        listen(socket).close();
        int count = 8;
        ExecutorService threads = Executors.newFixedThreadPool(count);
        CyclicBarrier start = new CyclicBarrier(count);
        List<Future<SocketFile>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(threads.submit(() -> {
                start.await();
                return SocketFile.listen(socket, BACKLOG);
            }));
        }
        List<SocketFile> listening = new ArrayList<>();
        List<Throwable> errors = new ArrayList<>();
        for (Future<SocketFile> each : all) {
            try {
                listening.add(each.get());
            } catch (java.util.concurrent.ExecutionException e) {
                errors.add(e.getCause());
            }
        }
        threads.shutdown();
        assertThat(threads.awaitTermination(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();

        assertThat(errors).allMatch(BindException.class::isInstance).hasSize(count - 1);
        assertThatSomebodyListens(socket);
        assertThatItIsAlone(socket);
        assertThat(listening.get(0).remove()).isTrue();
        close(listening.get(0));
    }

    @ParameterizedTest
    @CsvSource({"SHARED", "HAND_OFF"})
    void aPathInUseIsOneClearErrorOfTheCluster(Listening.Mode mode) throws IOException {
        Path socket = temporary.resolve("http");
        try (ServerSocketChannel other = listen(socket)) {
            assertThatTheClusterFails(
                    mode == Listening.Mode.SHARED ? Listening.shared() : Listening.handOff(Balance.roundRobin()),
                    socket.toString(),
                    "Address already in use: " + socket);
            assertThatSomebodyListens(socket);
            assertThat(other.isOpen()).isTrue();
        }
    }

    private static void assertThatTheClusterFails(Listening listening, String path, String reason) {
        Primary primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(1)
                .main(Doors.class, path)
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .listening(listening)
                .start()
                .block(Probe.PATIENCE));
        StepVerifier.create(primary.exit())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(ClusterException.class)
                        .hasMessage("the cluster cannot start: " + reason))
                .verify(Probe.PATIENCE);
    }

    @Test
    void itCannotBeHadWithReusePort() throws IOException {
        Path socket = temporary.resolve("http");

        assertThatTheClusterFails(
                Listening.reusePort(),
                socket.toString(),
                "Unix-domain sockets cannot be had with SO_REUSEPORT, use Listening.shared() or handOff(): " + socket);

        assertThat(socket).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "\0app"})
    void aNameThatIsNoPathIsRefused(String name) {
        assertThatThrownBy(() -> ListenAddress.path(new DomainSocketAddress(name)))
                .isInstanceOf(BindException.class)
                .hasMessage("a server of a cluster needs the path of a file, was \"" + name.replace('\0', '@') + "\"");
    }

    @Test
    void aRelativePathIsThatOfTheWorker() throws IOException {
        assertThat(ListenAddress.path(new DomainSocketAddress("run/../http")))
                .isEqualTo(Path.of("http").toAbsolutePath().toString());
    }
}
