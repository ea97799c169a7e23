// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** {@code ProcessBuilder}: a blocking thread, or where there are many children as many elastic threads as it takes. */
final class ThreadRunner implements ProcessRunner {

    private static final int MOST_THREADS = 1000;

    private final Scheduler elastic = Schedulers.newBoundedElastic(MOST_THREADS, Integer.MAX_VALUE, "elastic");

    @Override
    public long drain(List<String> line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).start();
        long bytes = read(process);
        process.waitFor();
        return bytes;
    }

    private static long read(Process process) throws IOException {
        byte[] chunk = new byte[CHUNK_BYTES];
        long bytes = 0;
        try (InputStream out = process.getInputStream()) {
            for (int read = out.read(chunk); read >= 0; read = out.read(chunk)) {
                bytes += read;
            }
        }
        return bytes;
    }

    @Override
    public long lines(List<String> line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).start();
        long lines = 0;
        try (BufferedReader reader = reader(process)) {
            while (reader.readLine() != null) {
                lines++;
            }
        }
        process.waitFor();
        return lines;
    }

    private static BufferedReader reader(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    @Override
    public long throughCat(long bytes) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("cat").start();
        Thread writer = new Thread(() -> feed(process, bytes));
        writer.start();
        long back = read(process);
        writer.join();
        process.waitFor();
        return back;
    }

    private static void feed(Process process, long bytes) {
        byte[] chunk = new byte[CHUNK_BYTES];
        try (OutputStream in = process.getOutputStream()) {
            for (long i = 0; i < bytes / CHUNK_BYTES; i++) {
                in.write(chunk);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public long runAll(List<String> line, int times, int atATime) throws Exception {
        if (atATime == 1) {
            for (int i = 0; i < times; i++) {
                runAndRead(line);
            }
            return times;
        }
        return Flux.range(0, times)
                .flatMap(i -> Mono.fromCallable(() -> runAndRead(line)).subscribeOn(elastic), atATime)
                .count()
                .block();
    }

    private static int runAndRead(List<String> line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream();
                InputStream err = process.getErrorStream()) {
            out.readAllBytes();
            err.readAllBytes();
        }
        return process.waitFor();
    }

    @Override
    public void hold(int children, Runnable count) throws Exception {
        CountDownLatch answered = new CountDownLatch(children);
        CountDownLatch counted = new CountDownLatch(1);
        Mono<Long> all = Flux.range(0, children)
                .flatMap(
                        i -> Mono.fromCallable(() -> holdOne(answered, counted)).subscribeOn(elastic), children)
                .count();
        var ended = all.toFuture();
        answered.await();
        count.run();
        counted.countDown();
        ended.get();
    }

    private static int holdOne(CountDownLatch answered, CountDownLatch counted) throws Exception {
        Process process = new ProcessBuilder("cat").start();
        OutputStream in = process.getOutputStream();
        in.write("ready\n".getBytes(StandardCharsets.UTF_8));
        in.flush();
        try (BufferedReader reader = reader(process)) {
            reader.readLine();
            answered.countDown();
            counted.await();
            in.close();
            reader.readLine();
        }
        return process.waitFor();
    }

    @Override
    public long killedAfter() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sleep", "100").start();
        long killed = System.nanoTime();
        process.destroyForcibly();
        process.waitFor();
        return System.nanoTime() - killed;
    }
}
