// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.loop.EventLoop;
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
            byte[] salt = "salt".getBytes(StandardCharsets.UTF_8);
            Flux<Duration> times = Flux.merge(
                    timed("readFile", start, Files.readFile(Self.location())),
                    Flux.range(1, 4)
                            .flatMap(number -> timed(
                                    "pbkdf2 " + number,
                                    start,
                                    Crypto.pbkdf2("secret", salt, ITERATIONS, KEY_BYTES, "sha512"))),
                    timed("dns.lookup localhost", start, Dns.lookup("localhost")));
            times.reduce(Duration.ZERO, Duration::plus)
                    .subscribe(sum -> report(Duration.ofNanos(System.nanoTime() - start), sum), error -> {
                        System.err.println("thread-pool: " + error.getMessage());
                        loop.exit(1);
                    });
        });
    }

    private static Mono<Duration> timed(String name, long start, Mono<?> work) {
        return work.then(Mono.fromCallable(() -> {
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            System.out.println(name + ": " + took.toMillis() + " ms");
            return took;
        }));
    }

    private static void report(Duration elapsed, Duration sum) {
        System.out.println("all six: " + elapsed.toMillis() + " ms together, " + sum.toMillis()
                + " ms if each is counted alone: they overlapped "
                + String.format("%.1f", (double) sum.toNanos() / Math.max(1, elapsed.toNanos())) + " times, on "
                + Runtime.getRuntime().availableProcessors() + " processors");
    }
}
