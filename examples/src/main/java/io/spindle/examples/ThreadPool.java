// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.io.Crypto;
import io.spindle.offload.io.Dns;
import io.spindle.offload.io.Files;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Six things that block or compute, started together from one loop, done by the pool under it. */
@Command(
        name = "thread-pool",
        description = "Reads a file, derives four keys and looks a name up, all at once, and prints each as it ends.",
        mixinStandardHelpOptions = true)
final class ThreadPool implements Callable<Integer> {

    private static final int ITERATIONS = 100_000;
    private static final int KEY_BYTES = 64;

    @Override
    public Integer call() {
        return EventLoop.run(loop -> {
            long start = System.nanoTime();
            Duration before = BlockingPool.shared().runTimes().total();
            byte[] salt = "salt".getBytes(StandardCharsets.UTF_8);
            Flux.merge(
                            timed("readFile", start, Files.readFile(Self.location())),
                            Flux.range(1, 4)
                                    .flatMap(number -> timed(
                                            "pbkdf2 " + number,
                                            start,
                                            Crypto.pbkdf2("secret", salt, ITERATIONS, KEY_BYTES, "sha512"))),
                            timed("dns.lookup localhost", start, Dns.lookup("localhost")))
                    .then()
                    .subscribe(
                            none -> {},
                            error -> {
                                System.err.println("thread-pool: " + error.getMessage());
                                loop.exit(1);
                            },
                            () -> report(
                                    Duration.ofNanos(System.nanoTime() - start),
                                    BlockingPool.shared().runTimes().total().minus(before)));
        });
    }

    private static Mono<Void> timed(String name, long start, Mono<?> work) {
        return work.doOnSuccess(done -> System.out.println(name + ": "
                        + Duration.ofNanos(System.nanoTime() - start).toMillis() + " ms"))
                .then();
    }

    /** The pool keeps how long each task ran on its thread: their sum is what one thread would have needed. */
    private static void report(Duration elapsed, Duration ran) {
        double overlap = (double) ran.toNanos() / Math.max(1, elapsed.toNanos());
        System.out.printf(
                "all six: %d ms, with %d ms of running on the pool's threads: %s%n",
                elapsed.toMillis(),
                ran.toMillis(),
                overlap > 1.1 ? String.format("they overlapped, %.1f at a time", overlap) : "they did not overlap");
    }
}
