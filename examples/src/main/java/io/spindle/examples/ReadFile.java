// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.loop.EventLoop;
import io.spindle.offload.io.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Reads a file without blocking the loop: the last line of the program runs before the file has been read. */
@Command(
        name = "read-file",
        description = "Reads a file and prints Start, End, File read.",
        mixinStandardHelpOptions = true)
final class ReadFile implements Callable<Integer> {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "PATH",
            description = "The file. Default: this program's own.")
    private Path path = Self.location();

    @Override
    public Integer call() {
        return EventLoop.run(loop -> {
            System.out.println("Start");
            Files.readFile(path).subscribe(bytes -> System.out.println("File read"), error -> {
                System.err.println("read-file: " + error.getMessage());
                loop.exit(1);
            });
            System.out.println("End");
        });
    }
}
