// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The cluster that a command is for: what all commands have in common. */
final class Target {

    private static final String DIRECTORIES = "spindle-*";
    private static final String NAME = "control";
    private static final Path SELF = Path.of("/proc/self");
    private static final Set<PosixFilePermission> OWNERS = PosixFilePermissions.fromString("rwx------");

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "The control socket of the primary, as its log says. "
                    + "Default: that of the only cluster of this user, in the directory of temporary files")
    private @Nullable Path socket;

    Answer ask(String request, Duration limit) throws IOException {
        return Answer.of(ControlClient.ask(socket(), request, limit));
    }

    /** Asks for many lines; the first one is the answer. */
    void read(String request, Duration limit, ControlClient.Lines lines) throws IOException {
        ControlClient.read(socket(), request, limit, lines);
    }

    Path socket() throws IOException {
        return socket == null ? onlyOne(temporary()) : socket;
    }

    private static Path temporary() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    static Path onlyOne(Path temporary) throws IOException {
        List<Path> found = find(temporary);
        if (found.isEmpty()) {
            throw new IOException("no cluster of this user runs: no primary answers at "
                    + temporary.resolve(DIRECTORIES).resolve(NAME)
                    + "; run this as the user of the cluster, or name its socket by --socket");
        }
        if (found.size() > 1) {
            throw new IOException("there are " + found.size() + " clusters, name the socket of one by --socket: "
                    + found.stream().map(Path::toString).collect(Collectors.joining(", ")));
        }
        return found.get(0);
    }

    /** The sockets on which a primary of this user listens; whoever else makes such a name is not asked. */
    private static List<Path> find(Path temporary) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(temporary, DIRECTORIES)) {
            for (Path directory : directories) {
                Path candidate = directory.resolve(NAME);
                if (isPrivate(directory) && Files.exists(candidate) && ControlClient.isAnswered(candidate)) {
                    found.add(candidate);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return found;
    }

    /** No link, of this user, and nobody else may enter it. */
    private static boolean isPrivate(Path directory) {
        try {
            PosixFileAttributes is =
                    Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return is.isDirectory() && is.owner().equals(Files.getOwner(SELF)) && OWNERS.containsAll(is.permissions());
        } catch (IOException e) {
            return false; // it has gone meanwhile
        }
    }
}
