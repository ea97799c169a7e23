// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.spindle.loop.EventLoop;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** What does a task cost that is posted to a loop, from outside and from the loop itself, and a hand-off there and back? */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LoopBenchmark {

    private static final int TASKS = 1000;
    private static final int TRIPS = 1000;

    /** Whose loop. */
    @Param({"spindle", "single", "netty", "vertx"})
    public String loop;

    private Executor target;
    private Executor other;
    private final List<Runnable> close = new ArrayList<>();

    /** Starts two loops. */
    @Setup
    public void start() {
        target = loop();
        other = loop();
    }

    private Executor loop() {
        switch (loop) {
            case "spindle" -> {
                EventLoop ours = EventLoop.create("bench");
                close.add(ours::dispose);
                return ours.netty();
            }
            case "single" -> {
                Scheduler single = Schedulers.newSingle("bench");
                close.add(single::dispose);
                return single::schedule;
            }
            case "netty" -> {
                MultiThreadIoEventLoopGroup group = LoopContenders.nettyGroup();
                close.add(group::shutdownGracefully);
                return group.next();
            }
            default -> {
                Vertx vertx = Vertx.vertx();
                Context context = vertx.getOrCreateContext();
                close.add(vertx::close);
                return task -> context.runOnContext(unused -> task.run());
            }
        }
    }

    /** Ends the loops. */
    @TearDown
    public void stop() {
        close.forEach(Runnable::run);
        close.clear();
    }

    /** A thousand tasks from this thread, and a wait for the last. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public void postFromOutside() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        for (int i = 1; i < TASKS; i++) {
            target.execute(() -> {});
        }
        target.execute(done::countDown);
        done.await();
    }

    /** A thousand tasks that post each other. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public void postFromTheLoop() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        target.execute(new Runnable() {
            private int left = TASKS;

            @Override
            public void run() {
                if (--left > 0) {
                    target.execute(this);
                } else {
                    done.countDown();
                }
            }
        });
        done.await();
    }

    /** One task there, and the answer back to this sleeping thread. */
    @Benchmark
    public void wakeAndAnswer() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        target.execute(done::countDown);
        done.await();
    }

    /** A thousand round trips of one task between two loops. */
    @Benchmark
    @OperationsPerInvocation(TRIPS)
    public void pingPongOfTwoLoops() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        target.execute(new Runnable() {
            private int left = TRIPS * 2;

            @Override
            public void run() {
                if (--left == 0) {
                    done.countDown();
                } else {
                    (left % 2 == 0 ? target : other).execute(this);
                }
            }
        });
        done.await();
    }
}
