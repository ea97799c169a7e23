// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.spindle.loop.EventLoop;
import io.spindle.loop.Timeout;
import io.spindle.process.ChildProcess;
import io.spindle.process.Command;
import io.spindle.process.ExecException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The programs of the process figures that have a limit and no peer. */
public final class ProcessEndurance {

    private static final int SPAWNED = 200;
    private static final int AT_A_TIME = 32;
    private static final int CHURN = 10_000;
    private static final int TREES = 5;
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final String TREE = "for i in $(seq 49); do sleep 100 & echo $!; done; echo ready; wait";

    private static final EventLoop LOOP = EventLoop.create("bench");

    private ProcessEndurance() {}

    /**
     * Runs one.
     *
     * @param args what to measure, and {@code --quick} for a smoke run
     */
    public static void main(String[] args) throws Exception {
        boolean quick = List.of(args).contains("--quick");
        switch (args[0]) {
            case "stall" -> printStall();
            case "pause" -> printPauses(quick ? 2 : 60);
            case "churn" -> printChurn(quick ? CHURN / 50 : CHURN);
            case "tree" -> printTrees();
            default -> throw new IllegalArgumentException("unknown measurement: " + args[0]);
        }
        System.exit(0);
    }

    private static Mono<Long> spawnMany() {
        return Flux.range(0, SPAWNED)
                .flatMap(i -> Command.of("true").exec(), AT_A_TIME)
                .count();
    }

    /** Prints by how many milliseconds a timer of one millisecond is late, 99th percentile, while programs start. */
    private static void printStall() throws Exception {
        spawnMany().subscribeOn(LOOP).block();
        double[] late = new double[1 << 16];
        int[] count = new int[1];
        long[] last = new long[1];
        CountDownLatch started = new CountDownLatch(1);
        LOOP.schedule(() -> {
            last[0] = System.nanoTime();
            Timeout ticker = LOOP.setInterval(Duration.ofMillis(1), () -> {
                long now = System.nanoTime();
                late[count[0]++ % late.length] = (now - last[0]) / 1e6 - 1;
                last[0] = now;
            });
            spawnMany()
                    .doFinally(signal -> {
                        ticker.dispose();
                        started.countDown();
                    })
                    .subscribe();
        });
        started.await();
        Arrays.sort(late, 0, count[0]);
        System.out.println(late[count[0] * 99 / 100]);
    }

    /**
     * Prints by how many megabytes we grow and which part of a processor the child uses while its output is read slowly,
     * in percent; and how often a loop wakes up that has but an unread stream whose process has ended.
     */
    private static void printPauses(int seconds) throws Exception {
        EventLoop paused = EventLoop.create("paused");
        Command.of("echo", "unread")
                .spawn()
                .flatMap(ProcessEndurance::leaveUnread)
                .subscribeOn(paused)
                .block();
        ChildProcess yes = Command.of("yes").spawn().subscribeOn(LOOP).block();
        yes.stdout().concatMap(ProcessEndurance::slowly, 1).subscribeOn(LOOP).subscribe(unused -> {}, error -> {});
        Mono.delay(Duration.ofSeconds(Math.min(5, seconds))).block();
        long before = Proc.status("VmRSS");
        double cpu = Proc.cpuSeconds(yes.pid());
        long sleeps = Proc.sleeps("paused");
        Mono.delay(Duration.ofSeconds(seconds)).block();
        System.out.println((Proc.status("VmRSS") - before) / 1024.0 + " "
                + (Proc.cpuSeconds(yes.pid()) - cpu) * 100 / seconds + " " + (Proc.sleeps("paused") - sleeps));
        yes.dispose();
    }

    private static Mono<Long> slowly(ByteBuf chunk) {
        chunk.release();
        return Mono.delay(PAUSE, LOOP);
    }

    private static Mono<?> leaveUnread(ChildProcess child) {
        child.stdout().subscribe(new BaseSubscriber<ByteBuf>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                // asks for nothing
            }
        });
        return child.exit();
    }

    /** Prints zombies, descriptors and megabytes of direct memory that many cancelled and timed-out runs leave. */
    private static void printChurn(int runs) throws Exception {
        Random random = new Random(1);
        churn(runs / 10, random);
        long descriptors = Proc.descriptors();
        long direct = directBytes();
        churn(runs, random);
        System.out.println(Proc.zombies() + " " + (Proc.descriptors() - descriptors) + " "
                + (directBytes() - direct) / (double) (1 << 20));
    }

    private static void churn(int runs, Random random) {
        Flux.range(0, runs)
                .flatMap(i -> oneOf(random.nextInt(3), random.nextInt(20)), AT_A_TIME)
                .subscribeOn(LOOP)
                .blockLast();
        Mono.delay(Duration.ofSeconds(1)).block(); // the last kills are on their way
    }

    private static Mono<Void> oneOf(int kind, int millis) {
        Duration time = Duration.ofMillis(millis + 1L);
        Command sleep = Command.of("sleep", "10").grace(Duration.ZERO);
        return switch (kind) {
            case 0 -> Command.of("true").exec().then();
            case 1 -> sleep.exec().takeUntilOther(Mono.delay(time, LOOP)).then();
            default ->
                sleep.timeout(time).exec().onErrorComplete(ExecException.class).then();
        };
    }

    private static long directBytes() {
        return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                .metric()
                .usedDirectMemory();
    }

    /** Prints how many milliseconds it takes to kill a tree of fifty, the median. */
    private static void printTrees() throws Exception {
        double[] millis = new double[TREES];
        for (int i = 0; i < TREES; i++) {
            millis[i] = killTree();
        }
        Arrays.sort(millis);
        System.out.println(millis[TREES / 2]);
    }

    private static double killTree() throws IOException {
        ChildProcess root = Command.shell(TREE).spawn().subscribeOn(LOOP).block();
        StringBuilder text = new StringBuilder();
        root.stdout()
                .map(ProcessEndurance::text)
                .doOnNext(text::append)
                .takeUntil(piece -> text.indexOf("ready") >= 0)
                .blockLast();
        long[] tree = text.substring(0, text.indexOf("ready"))
                .lines()
                .mapToLong(Long::parseLong)
                .toArray();
        long start = System.nanoTime();
        root.dispose();
        for (long pid : tree) {
            while (!Proc.isGone(pid)) {
                Thread.onSpinWait();
            }
        }
        while (!Proc.isGone(root.pid())) {
            Thread.onSpinWait();
        }
        return (System.nanoTime() - start) / 1e6;
    }

    private static String text(ByteBuf chunk) {
        String text = chunk.toString(java.nio.charset.StandardCharsets.US_ASCII);
        chunk.release();
        return text;
    }
}
