// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;

/** Measures a rate: warms up, then takes the median of short rounds, and prints it as the last line. */
final class Rate {

    /** Does some operations and returns how many. */
    interface Batch {
        long run() throws Exception;
    }

    private static final double WARM_UP_SECONDS = 1;
    private static final double LONG_WARM_UP_SECONDS = 3;
    private static final double MEASURE_SECONDS = 1;
    private static final double QUICK_SECONDS = 0.3;

    private Rate() {}

    static void print(String[] args, Batch batch) throws Exception {
        boolean quick = List.of(args).contains("--quick");
        measure(quick ? QUICK_SECONDS : WARM_UP_SECONDS, batch);
        System.out.println(measure(quick ? QUICK_SECONDS : MEASURE_SECONDS, batch));
    }

    /**
     * The same, and the operations for a second of this process's processor time. That includes the compiler's, which
     * therefore gets more time to come to its end.
     */
    static void printWithCpu(String[] args, Batch batch) throws Exception {
        boolean quick = List.of(args).contains("--quick");
        measure(quick ? QUICK_SECONDS : LONG_WARM_UP_SECONDS, batch);
        long[] done = new long[1];
        long before = cpuNanos();
        double rate = measure(quick ? QUICK_SECONDS : MEASURE_SECONDS, () -> {
            long count = batch.run();
            done[0] += count;
            return count;
        });
        System.out.println(rate + " " + done[0] * 1e9 / (cpuNanos() - before));
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static double measure(double seconds, Batch batch) throws Exception {
        double[] rates = new double[16];
        int count = 0;
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (System.nanoTime() - end < 0 || count == 0) {
            long start = System.nanoTime();
            long done = batch.run();
            long nanos = System.nanoTime() - start;
            if (count == rates.length) {
                rates = Arrays.copyOf(rates, count * 2);
            }
            rates[count++] = done * 1e9 / nanos;
        }
        Arrays.sort(rates, 0, count);
        return rates[count / 2];
    }
}
