// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.PrivateDirectories;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class AdminPathTest {

    @TempDir
    private Path temporary;

    private static ServerSocketChannel listen(Path socket) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
    }

    @Test
    void aMissingDirectoryIsMadeForThisUserAlone() throws IOException {
        Path socket = temporary.resolve("app").resolve("run").resolve("control");

        AdminPath.prepare(socket).dispose();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())))
                .isEqualTo("rwx------");
        assertThat(socket).doesNotExist();
    }

    @Test
    void whatAKilledPrimaryHasLeftIsRemoved() throws IOException {
        Path socket = temporary.resolve("control");
        listen(socket).close();
        assertThat(socket).as("the JDK leaves it").exists();

        AdminPath.prepare(socket).dispose();

        assertThat(socket).doesNotExist();
    }

    private static void assertRefused(Path socket, String reason) {
        assertThatThrownBy(() -> AdminPath.prepare(socket))
                .isInstanceOf(ClusterException.class)
                .hasMessage("the cluster cannot start: no control socket at " + socket + ": " + reason);
    }

    @Test
    void onePrimaryAtATimeHasAPlace() throws IOException {
        Path socket = temporary.resolve("control");
        listen(socket).close();
        Disposable first = AdminPath.prepare(socket);

        assertRefused(socket, "another primary runs or starts there");
        Path link = Files.createSymbolicLink(temporary.resolve("link"), temporary);
        assertRefused(link.resolve("control"), "another primary runs or starts there");
        assertThat(locks(temporary.resolve("control.lock")))
                .as("held from other processes, too, after the second has gone")
                .isEqualTo(1);

        first.dispose();
        first.dispose();
        assertThat(first.isDisposed()).isTrue();
        assertThat(locks(temporary.resolve("control.lock"))).isZero();
        AdminPath.prepare(socket).dispose();
    }

    private static long locks(Path file) throws IOException {
        String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
        try (Stream<String> lines = Files.lines(Path.of("/proc/locks"))) {
            return lines.filter(line -> line.contains("POSIX") && line.contains(inode))
                    .count();
        }
    }

    @Test
    void aStartThatFailsLeavesThePlaceToTheNext() throws IOException {
        Path socket = temporary.resolve("control");
        Files.createFile(socket);

        assertRefused(socket, "there is a file that is no socket");
        assertRefused(socket, "there is a file that is no socket");
        Files.delete(socket);
        Map<String, String> broken = new HashMap<>() {
            @Override
            public String getOrDefault(@Nullable Object key, String otherwise) {
                throw new IllegalStateException("no descriptor left");
            }
        };
        Set<Path> before = PrivateDirectories.ofThisJvm();
        for (int i = 0; i < 2; i++) {
            StepVerifier.create(PrimaryStart.of(PrimarySpec.create().controlSocket(socket), broken))
                    .expectErrorMessage("no descriptor left")
                    .verify(Probe.PATIENCE);
        }
        assertThat(PrivateDirectories.ofThisJvm()).isEqualTo(before);
    }

    @Test
    void aPipeStays() throws Exception {
        Path pipe = temporary.resolve("control");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        assertRefused(pipe, "there is a file that is no socket");
        assertThat(pipe).exists();
    }

    @Test
    void aSocketOfAnotherKindStays() {
        Path socket = temporary.resolve("control");
        try (NotifyServer datagrams = new NotifyServer(socket.toString())) {
            assertThat(datagrams).isNotNull();
            assertRefused(socket, "Protocol wrong type for socket");
            assertThat(socket).exists();
        }
    }

    @Test
    void aLinkToADirectoryWillDo() throws IOException {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), temporary);

        AdminPath.prepare(link.resolve("control")).dispose();

        assertThat(temporary.resolve("control.lock")).isEmptyFile();
    }

    @Test
    void aPrimaryThatListensThereIsAClearErrorOfTheStart() throws IOException {
        Path socket = temporary.resolve("control");
        try (ServerSocketChannel other = listen(socket)) {
            assertThat(other.isOpen()).isTrue();

            StepVerifier.create(PrimarySpec.create().controlSocket(socket).start())
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(ClusterException.class)
                            .hasMessage("the cluster cannot start: no control socket at " + socket
                                    + ": another primary listens there"))
                    .verify(Probe.PATIENCE);
        }
        assertThat(socket).exists();
    }

    @Test
    void aFileThatIsNoSocketStays() throws IOException {
        Path file = Files.writeString(temporary.resolve("control"), "a letter");

        assertRefused(file, "there is a file that is no socket");
        assertThat(file).hasContent("a letter");
    }

    @Test
    void aDirectoryThatOthersMayEnterIsRefused() throws IOException {
        Path directory = Files.createDirectory(temporary.resolve("open"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));

        assertRefused(
                directory.resolve("control"),
                "others may enter " + directory
                        + " (rwxr-x---); give it the mode 0700, or name a directory that does not exist yet");
    }

    @Test
    void aDirectoryThatCannotBeMadeIsAClearError() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));

        assertRefused(file.resolve("control"), file + " is no directory");
    }

    @Test
    void aPathThatNoSocketCanHaveIsRefusedAtTheCall() {
        PrimarySpec spec = PrimarySpec.create();
        Path tooLong = Path.of("/" + "x".repeat(99));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> spec.controlSocket(tooLong))
                .withMessage("path must be that of a file and have less than 100 bytes, was " + tooLong);
        assertThatIllegalArgumentException().isThrownBy(() -> spec.controlSocket(Path.of("/")));
        assertThat(spec.controlSocket(Path.of("/run/../tmp/x")).controlSocket()).contains(Path.of("/tmp/x"));
        assertThat(spec.controlSocket()).isEmpty();
    }
}
