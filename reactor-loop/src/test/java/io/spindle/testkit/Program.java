// SPDX-License-Identifier: Apache-2.0
package io.spindle.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program that a test starts as a user does, and the lines that it and its children print. Ended when closed. */
public final class Program implements AutoCloseable {

    /** How long something may take that is bound to happen. */
    public static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final Duration GRACE = Duration.ofSeconds(20);

    private final Process process;
    private final List<String> lines = new ArrayList<>(); // guarded by this
    private boolean ended; // guarded by this

    private Program(Process process) {
        this.process = process;
    }

    /** Starts it; both outputs are one. */
    public static Program start(List<String> line) throws IOException {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        Program program = new Program(process);
        Thread pump = new Thread(program::pump, "pump-" + process.pid());
        pump.setDaemon(true);
        pump.start();
        return program;
    }

    private void pump() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            output.lines().forEach(this::add);
        } catch (UncheckedIOException | IOException e) {
            add("output broke: " + e);
        }
        end();
    }

    private synchronized void add(String line) {
        lines.add(line);
        notifyAll();
    }

    private synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Returns the process. */
    public Process process() {
        return process;
    }

    /** Returns what has been printed so far. */
    public synchronized List<String> lines() {
        return List.copyOf(lines);
    }

    /** Waits until that many lines match, and returns of each its first group, or the match if it has none. */
    public synchronized List<String> await(Pattern pattern, int count) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            List<String> found = lines.stream()
                    .map(pattern::matcher)
                    .filter(Matcher::find)
                    .map(match -> match.group(Math.min(1, match.groupCount())))
                    .toList();
            if (found.size() >= count) {
                return found;
            }
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (ended || left <= 0) {
                return fail("no " + count + " lines with " + pattern + " in\n" + String.join("\n", lines));
            }
            wait(left);
        }
    }

    /** Returns the processes under it that are alive. */
    public List<ProcessHandle> children() {
        return process.descendants().filter(ProcessHandle::isAlive).toList();
    }

    /** Waits for its end and returns its exit code. */
    public int awaitEnd() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            fail("still runs after " + PATIENCE + "\n" + String.join("\n", lines()));
        }
        return process.exitValue();
    }

    /** Whether whoever started the tests ignores a signal, and so does every JVM below. */
    public static boolean isIgnored(int signal) throws IOException {
        long bit = 1L << (signal - 1);
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).trim(), 16) & bit) != 0);
    }

    /** Waits until something is so that nobody tells of. */
    public static void eventually(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as("time over").isNegative();
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }

    /** Asks it to end, so that it leaves nothing behind, and kills it and its children if it does not. */
    @Override
    public void close() {
        process.destroy();
        process.onExit()
                .completeOnTimeout(process, GRACE.toSeconds(), TimeUnit.SECONDS)
                .join();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
        eventually(this::isOutputEnded);
    }

    private synchronized boolean isOutputEnded() {
        return ended;
    }
}
