// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;

/** A directory that only this user can enter, for one socket. */
final class PrivateDirectory {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int RANDOM_BYTES = 32;
    private static final int MAX_PATH_BYTES = 100; // sun_path has 108 with its end, some systems less

    private final Path path;

    private PrivateDirectory(Path path) {
        this.path = path;
    }

    /** Blocks: it makes a directory, whose name tells the process that is to remove it. */
    static PrivateDirectory create() throws IOException {
        PrivateDirectory directory = new PrivateDirectory(Files.createTempDirectory(
                "spindle-" + ProcessHandle.current().pid() + "-",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))));
        int length = directory.socket().toString().getBytes(StandardCharsets.UTF_8).length;
        if (length >= MAX_PATH_BYTES) {
            directory.delete();
            throw new IOException("the path of a socket must have less than " + MAX_PATH_BYTES + " bytes, "
                    + directory.socket() + " has " + length + ": set java.io.tmpdir to a shorter directory");
        }
        return directory;
    }

    Path socket() {
        return path.resolve("ipc");
    }

    /** Blocks. */
    void delete() {
        try {
            Files.deleteIfExists(socket());
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + path, e);
        }
    }

    static String token() {
        byte[] bytes = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
