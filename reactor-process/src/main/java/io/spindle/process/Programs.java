// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Looks for the file of a program where the system will, on platforms that tell programs by their mode. */
final class Programs {

    private Programs() {}

    /** Returns the file that is going to be run, or empty if there is none or it may not be executed. */
    static Optional<Path> find(Command command) {
        String program = command.line().get(0);
        return candidates(program)
                .map(each -> in(command.directory(), each))
                .filter(each -> Files.isExecutable(each) && !Files.isDirectory(each))
                .findFirst();
    }

    private static Stream<Path> candidates(String program) {
        if (program.indexOf('/') >= 0) {
            return Stream.of(Path.of(program));
        }
        return path().map(directory -> Path.of(directory, program));
    }

    private static Stream<String> path() {
        String path = System.getenv("PATH");
        return Stream.of((path == null ? "/bin:/usr/bin" : path).split(File.pathSeparator, -1));
    }

    private static Path in(@Nullable Path directory, Path file) {
        return directory == null ? file : directory.resolve(file);
    }
}
