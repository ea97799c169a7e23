// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.loop.EventLoop;
import io.spindle.offload.io.Directories;
import io.spindle.process.ExecResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A child process for each file, so many at a time: the concurrency of {@code flatMap} is the limit. */
@Command(
        name = "parallel-checksum",
        description = "Prints the checksum of each file, computed by a child process each, as they finish.",
        mixinStandardHelpOptions = true)
final class ParallelChecksum implements Callable<Integer> {

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "PATH",
            description = "Files, and directories with all that is below. Default: the current directory.")
    private List<Path> paths = List.of(Path.of("."));

    @Option(names = "--at-a-time", description = "How many children run at a time. Default: one for each processor")
    private int atATime = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--program",
            defaultValue = "sha256sum",
            description = "What is run with the name of a file. Default: ${DEFAULT-VALUE}")
    private String program = "";

    // loop only
    private int files;
    private int failed;
    private int running;
    private int mostRunning;

    @Override
    public Integer call() {
        check(atATime >= 1, "--at-a-time must be at least 1, was " + atATime);
        check(!program.isEmpty(), "--program must not be empty, was ''");
        paths.forEach(path -> check(Files.exists(path), "PATH must exist, was '" + path + "'"));
        List<Flux<Path>> sources = paths.stream().map(ParallelChecksum::filesOf).toList();
        return EventLoop.run(loop -> Flux.concat(sources)
                .flatMap(this::checksum, atATime)
                .subscribe(this::print, error -> failed(loop, error), () -> summarize(loop)));
    }

    private void check(boolean valid, String message) {
        if (!valid && spec != null) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private static Flux<Path> filesOf(Path path) {
        return Files.isDirectory(path)
                ? Directories.entries(path, Integer.MAX_VALUE)
                        .filter(entry -> entry.attributes().isRegularFile())
                        .map(entry -> entry.path())
                : Flux.just(path);
    }

    private Mono<ExecResult> checksum(Path file) {
        return io.spindle.process.Command.of(program, "--", file.toString())
                .exitCodes(code -> true)
                .exec()
                .doOnSubscribe(subscription -> mostRunning = Math.max(mostRunning, ++running))
                .doOnTerminate(() -> running--);
    }

    private void print(ExecResult result) {
        files++;
        System.out.print(result.stdout());
        System.err.print(result.stderr());
        if (!result.status().isSuccess()) {
            failed++;
        }
    }

    private void summarize(EventLoop loop) {
        System.err.println(
                files + " files, " + failed + " failed, never more than " + mostRunning + " children at a time");
        if (failed > 0) {
            loop.exit(1);
        }
    }

    private static void failed(EventLoop loop, Throwable error) {
        System.err.println("parallel-checksum: " + error.getMessage());
        loop.exit(1);
    }
}
