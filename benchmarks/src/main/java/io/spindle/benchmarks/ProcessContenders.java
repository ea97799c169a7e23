// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

/** The programs of the process figures that we and the peers have alike. */
public final class ProcessContenders {

    private static final List<String> TRUE = List.of("true");
    private static final int SPAWNED = 200;
    private static final int AT_A_TIME = 32;
    private static final int LINES = 20_000_000;
    private static final int HELD = 500;
    private static final int KILLED = 100;
    private static final int SMALL_RUNS = 500;
    private static final long SETTLED_MILLIS = 12_000;
    private static final long MEGABYTE = 1 << 20;

    private ProcessContenders() {}

    /**
     * Runs one contender.
     *
     * @param args what to measure, the contender, and {@code --quick} for a smoke run
     */
    public static void main(String[] args) throws Exception {
        ProcessRunner runner = ProcessRunner.of(args[1]);
        boolean quick = List.of(args).contains("--quick");
        int share = quick ? 10 : 1;
        switch (args[0]) {
            case "drain-dd" -> Rate.printWithCpu(args, () -> megabytes(1024 / share, count -> runner.drain(dd(count))));
            case "drain-head" ->
                Rate.printWithCpu(args, () -> megabytes(1024 / share, count -> runner.drain(head(count))));
            case "cat" ->
                Rate.printWithCpu(args, () -> megabytes(500 / share, count -> runner.throughCat(count * MEGABYTE)));
            case "lines" -> Rate.printWithCpu(args, () -> lines(runner, LINES / share));
            case "one" -> Rate.printWithCpu(args, () -> runner.runAll(TRUE, SPAWNED / 4, 1));
            case "many" -> Rate.printWithCpu(args, () -> runner.runAll(TRUE, SPAWNED, AT_A_TIME));
            case "exit" -> printExits(runner, KILLED / share);
            case "hold" -> {
                runner.hold(1, () -> {}); // loads what all have in common
                Threads base = new Threads();
                runner.hold(HELD / share, () -> base.print(quick));
            }
            case "allocation" -> printAllocation(runner, SMALL_RUNS / share);
            default -> throw new IllegalArgumentException("unknown measurement: " + args[0]);
        }
        System.exit(0);
    }

    private interface Transfer {
        long run(long megabytes) throws Exception;
    }

    private static long megabytes(long count, Transfer transfer) throws Exception {
        check(count * MEGABYTE, transfer.run(count));
        return count;
    }

    private static void check(long expected, long actual) {
        if (actual != expected) {
            throw new IllegalStateException("expected " + expected + ", got " + actual);
        }
    }

    private static List<String> dd(long megabytes) {
        return List.of("dd", "if=/dev/zero", "bs=1M", "count=" + megabytes, "status=none");
    }

    private static List<String> head(long megabytes) {
        return List.of("head", "-c", megabytes * MEGABYTE + "", "/dev/zero");
    }

    private static long lines(ProcessRunner runner, int count) throws Exception {
        check(count, runner.lines(List.of("seq", "1", String.valueOf(count))));
        return count;
    }

    /** Prints the median and the 99th percentile in milliseconds. */
    private static void printExits(ProcessRunner runner, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            runner.killedAfter(); // warms up
        }
        double[] millis = new double[count];
        for (int i = 0; i < count; i++) {
            millis[i] = runner.killedAfter() / 1e6;
        }
        Arrays.sort(millis);
        System.out.println(millis[count / 2] + " " + millis[count * 99 / 100]);
    }

    /** Prints the runs for which a megabyte is allocated; to be run where nothing is ever collected. */
    private static void printAllocation(ProcessRunner runner, int count) throws Exception {
        List<String> echo = List.of("echo", "hello");
        Callable<Long> run = () -> runner.runAll(echo, count, 1);
        run.call();
        long before = allocated();
        run.call();
        System.out.println(count * (double) MEGABYTE / (allocated() - before));
    }

    private static long allocated() {
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Threads and resident memory before the many, and what has been added since. */
    private static final class Threads {

        private final long threads = Proc.status("Threads");
        private final long residentKilobytes = Proc.status("VmRSS");

        Threads() throws IOException {}

        /** Prints the threads and the megabytes, when threads that have nothing more to do have had the time to end. */
        void print(boolean quick) {
            try {
                Thread.sleep(quick ? 0 : SETTLED_MILLIS);
                System.out.println(
                        (Proc.status("Threads") - threads) + " " + (Proc.status("VmRSS") - residentKilobytes) / 1024.0);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
