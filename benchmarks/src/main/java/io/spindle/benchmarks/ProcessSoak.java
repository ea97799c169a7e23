// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.spindle.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;

/**
 * Runs many short children, 32 at a time, and tells what this JVM holds before and after: descriptors, threads, zombies
 * and heap. Exits with 1 if one of them has grown or a child did not end as it should. The engine is that of
 * {@code -Dspindle.process.engine}.
 */
public final class ProcessSoak {

    private static final int CONCURRENCY = 32;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration SETTLING = Duration.ofSeconds(70); // the JDK keeps threads for a minute
    private static final long HEAP_SLACK_BYTES = 4L << 20;

    private ProcessSoak() {}

    /** What this JVM holds. */
    private record Held(long descriptors, long threads, long children, long heapBytes) {

        static Held now() {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"));
                    Stream<ProcessHandle> children = ProcessHandle.current().children()) {
                return new Held(
                        descriptors.count(),
                        Thread.getAllStackTraces().size(),
                        children.count(),
                        runtime.totalMemory() - runtime.freeMemory());
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        boolean isNoMoreThan(Held before) {
            return descriptors <= before.descriptors
                    && threads <= before.threads
                    && children <= before.children
                    && heapBytes <= before.heapBytes + HEAP_SLACK_BYTES;
        }

        @Override
        public String toString() {
            return "%d descriptors, %d threads, %d children, %d KiB of heap"
                    .formatted(descriptors, threads, children, heapBytes >> 10);
        }
    }

    /**
     * Runs the soak.
     *
     * @param args the number of children; default 20,000
     */
    public static void main(String[] args) {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        run(Math.max(CONCURRENCY, count / 10)); // classes, threads and caches come to be
        LockSupport.parkNanos(SETTLING.toNanos()); // idle threads end
        Held before = Held.now();
        System.out.println("before: " + before);
        long start = System.nanoTime();
        long right = run(count);
        long millis = Duration.ofNanos(System.nanoTime() - start).toMillis();
        LockSupport.parkNanos(SETTLING.toNanos());
        Held after = Held.now();
        System.out.println("after:  " + after);
        boolean held = right == count && after.isNoMoreThan(before);
        System.out.printf("%d of %d right in %d ms: %s%n", right, count, millis, held ? "as before" : "GROWN");
        System.exit(held ? 0 : 1);
    }

    /** Returns how many wrote what they should and ended in time. */
    private static long run(int count) {
        Long right = Flux.range(0, count)
                .flatMap(
                        i -> Command.of("echo", Integer.toString(i))
                                .exec()
                                .timeout(PATIENCE)
                                .map(result -> result.stdout().equals(i + "\n"))
                                .doOnError(error -> System.out.println("child " + i + ": " + error))
                                .onErrorReturn(false),
                        CONCURRENCY)
                .filter(each -> each)
                .count()
                .block();
        return right == null ? 0 : right;
    }
}
