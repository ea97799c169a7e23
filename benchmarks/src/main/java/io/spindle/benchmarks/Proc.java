// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What Linux tells of processes. */
final class Proc {

    private static final Path SELF = Path.of("/proc/self");
    private static final double TICKS_PER_SECOND = 100;

    private Proc() {}

    /** Returns a number from the status of this process. */
    static long status(String name) throws IOException {
        return number(SELF.resolve("status"), name);
    }

    private static long number(Path file, String name) throws IOException {
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith(name + ":"))
                .mapToLong(line -> Long.parseLong(line.split("\\s+")[1]))
                .findFirst()
                .orElseThrow();
    }

    static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(SELF.resolve("fd"))) {
            return open.count();
        }
    }

    /** Returns how often a thread of this process has been put to sleep by what it did. */
    static long sleeps(String threadName) throws IOException {
        try (Stream<Path> tasks = Files.list(SELF.resolve("task"))) {
            for (Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).strip().equals(threadName)) {
                    return number(task.resolve("status"), "voluntary_ctxt_switches");
                }
            }
        }
        throw new IllegalStateException("no thread " + threadName);
    }

    /** Returns the state, parent and times of a process, from its third field on; nothing if it is gone. */
    private static List<String> stat(long pid) throws IOException {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
        } catch (NoSuchFileException e) {
            return List.of("X", "0");
        } catch (IOException e) {
            if (Files.exists(Path.of("/proc/" + pid))) {
                throw e;
            }
            return List.of("X", "0"); // it ended while it was read
        }
    }

    static double cpuSeconds(long pid) throws IOException {
        List<String> stat = stat(pid);
        return (Long.parseLong(stat.get(11)) + Long.parseLong(stat.get(12))) / TICKS_PER_SECOND;
    }

    /** Returns how long the threads of a process have run, and waited to run, as text; nothing if it is gone. */
    static String scheduled(long pid) {
        long ran = 0;
        long waited = 0;
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            for (Path task : tasks.toList()) {
                List<String> times =
                        List.of(Files.readString(task.resolve("schedstat")).split(" "));
                ran += Long.parseLong(times.get(0));
                waited += Long.parseLong(times.get(1));
            }
        } catch (IOException | UncheckedIOException e) {
            return "";
        }
        return ", its threads ran " + TimeUnit.NANOSECONDS.toMillis(ran) + " ms and waited for a processor "
                + TimeUnit.NANOSECONDS.toMillis(waited) + " ms";
    }

    /** Returns whether a process has ended, whether it was waited for or not. */
    static boolean isGone(long pid) throws IOException {
        String state = stat(pid).get(0);
        return state.equals("X") || state.equals("Z");
    }

    /** Returns how many children of this process have ended and were not waited for. */
    static long zombies() throws IOException {
        String self = String.valueOf(ProcessHandle.current().pid());
        long count = 0;
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            for (Path each : all.filter(path -> path.getFileName().toString().matches("\\d+"))
                    .toList()) {
                List<String> stat = stat(Long.parseLong(each.getFileName().toString()));
                count += stat.get(0).equals("Z") && stat.get(1).equals(self) ? 1 : 0;
            }
        }
        return count;
    }
}
