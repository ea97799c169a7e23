// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.buffer.ByteBuf;
import io.spindle.process.ChildProcess;
import io.spindle.process.Command;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The programs of the process figures. */
public final class ProcessContenders {

    private static final int CHILDREN = 200;
    private static final int AT_A_TIME = 32;
    private static final int CHUNK = 64 * 1024;

    private ProcessContenders() {}

    /**
     * Runs one contender.
     *
     * @param args what to measure, the contender, and {@code --quick} for a smoke run
     */
    public static void main(String[] args) throws Exception {
        boolean ours = args[1].equals("spindle");
        int megabytes = List.of(args).contains("--quick") ? 64 : 1024;
        switch (args[0]) {
            case "spawn" -> Rate.print(args, ours ? ProcessContenders::spawn : ProcessContenders::spawnElastic);
            case "drain" -> Rate.print(args, () -> drain(ours, megabytes));
            case "drain-cpu" -> Rate.print(args, () -> perCpu(() -> drain(ours, megabytes)));
            default -> throw new IllegalArgumentException("unknown measurement: " + args[0]);
        }
        System.exit(0);
    }

    private static long spawn() {
        return Flux.range(0, CHILDREN)
                .flatMap(i -> Command.of("true").spawn().flatMap(ChildProcess::close), AT_A_TIME)
                .count()
                .block();
    }

    private static long spawnElastic() {
        return Flux.range(0, CHILDREN)
                .flatMap(
                        i -> Mono.fromCallable(ProcessContenders::runAndRead).subscribeOn(Schedulers.boundedElastic()),
                        AT_A_TIME)
                .count()
                .block();
    }

    private static int runAndRead() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("true").start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream();
                InputStream err = process.getErrorStream()) {
            out.readAllBytes();
            err.readAllBytes();
        }
        return process.waitFor();
    }

    /** Returns megabytes. */
    private static long drain(boolean ours, int megabytes) throws Exception {
        String[] dd = {"dd", "if=/dev/zero", "bs=1M", "count=" + megabytes, "status=none"};
        long bytes = ours ? drainOurs(dd) : drainThread(dd);
        if (bytes >> 20 != megabytes) {
            throw new IllegalStateException("read " + bytes + " bytes");
        }
        return megabytes;
    }

    private static long drainOurs(String[] dd) {
        return Command.of(List.of(dd))
                .output()
                .map(ProcessContenders::sizeOf)
                .reduce(0L, Long::sum)
                .block();
    }

    private static long sizeOf(ByteBuf chunk) {
        long size = chunk.readableBytes();
        chunk.release();
        return size;
    }

    private static long drainThread(String[] dd) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(dd).start();
        byte[] chunk = new byte[CHUNK];
        long bytes = 0;
        try (InputStream out = process.getInputStream()) {
            for (int read = out.read(chunk); read >= 0; read = out.read(chunk)) {
                bytes += read;
            }
        }
        process.waitFor();
        return bytes;
    }

    /** Rate divides by wall time: scaled so that this process's processor time counts. */
    private static long perCpu(Rate.Batch batch) throws Exception {
        long before = cpuNanos();
        long start = System.nanoTime();
        long done = batch.run();
        return (long) (done * (double) (System.nanoTime() - start) / (cpuNanos() - before));
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
