// SPDX-License-Identifier: Apache-2.0
package io.spindle.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The directories for sockets of channels that a JVM has made and not removed; their names tell whose they are. */
public final class PrivateDirectories {

    private PrivateDirectories() {}

    /** Those of the JVM that asks. */
    public static Set<Path> ofThisJvm() {
        String own = "spindle-" + ProcessHandle.current().pid() + "-";
        try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return all.filter(path -> path.getFileName().toString().startsWith(own))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
