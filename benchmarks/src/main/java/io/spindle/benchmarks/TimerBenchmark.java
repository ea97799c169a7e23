// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.spindle.loop.EventLoop;
import java.util.concurrent.CountDownLatch;
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
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** What does a timer of a Scheduler cost that is set and cancelled on its thread, and one that fires? */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TimerBenchmark {

    private static final int TIMERS = 1000;

    /** Whose scheduler. */
    @Param({"spindle", "single", "netty"})
    public String scheduler;

    private Scheduler target;
    private Runnable close;

    /** Starts the scheduler. */
    @Setup
    public void start() {
        switch (scheduler) {
            case "spindle" -> target = EventLoop.create("bench");
            case "single" -> target = Schedulers.newSingle("bench");
            default -> {
                MultiThreadIoEventLoopGroup group = LoopContenders.nettyGroup();
                target = Schedulers.fromExecutorService(group.next());
                close = group::shutdownGracefully;
                return;
            }
        }
        close = target::dispose;
    }

    /** Ends the scheduler. */
    @TearDown
    public void stop() {
        close.run();
    }

    /** A thousand timers of different delays, each cancelled. */
    @Benchmark
    @OperationsPerInvocation(TIMERS)
    public void setAndCancel() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        target.schedule(() -> {
            Disposable[] set = new Disposable[TIMERS];
            for (int i = 0; i < TIMERS; i++) {
                set[i] = target.schedule(() -> {}, 1000 + i, TimeUnit.MILLISECONDS);
            }
            for (Disposable timer : set) {
                timer.dispose();
            }
            done.countDown();
        });
        done.await();
    }

    /** A thousand timers of one millisecond. */
    @Benchmark
    @OperationsPerInvocation(TIMERS)
    public void fire() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(TIMERS);
        target.schedule(() -> {
            for (int i = 0; i < TIMERS; i++) {
                target.schedule(done::countDown, 1, TimeUnit.MILLISECONDS);
            }
        });
        done.await();
    }
}
