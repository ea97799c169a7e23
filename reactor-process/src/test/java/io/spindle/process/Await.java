// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Waits for what the system tells only when asked. */
final class Await {

    static final Duration GUARD = Duration.ofSeconds(50);

    private Await() {}

    static void until(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + GUARD.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline)
                    .as("waited too long until " + what)
                    .isNegative();
            LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
        }
    }

    static void gone(long pid) {
        until("process " + pid + " has ended", () -> !isRunning(pid));
    }

    /** Whether it exists and is no zombie. Orphans are reaped by whoever adopted them, or by nobody. */
    static boolean isRunning(long pid) {
        return state(pid) != 'Z' && state(pid) != 0;
    }

    /** Returns the letter by which the system tells what it does, 0 if it does not exist. */
    static char state(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException e) {
            return 0;
        }
    }

    static long zombies() {
        return children(child -> !isRunning(child.pid()));
    }

    static long runningChildren() {
        return children(child -> isRunning(child.pid()));
    }

    private static long children(Predicate<ProcessHandle> which) {
        try (Stream<ProcessHandle> children = ProcessHandle.current().children()) {
            return children.filter(which).count();
        }
    }

    static long descriptors() {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static long pipeThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("spindle-process-"))
                .count();
    }

    /** What is left of the heap when what nobody needs has gone. */
    static long heapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
