// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.spindle.loop.EventLoop;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
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

/** What does a timer of a loop cost that is set and cancelled on its thread, and one that fires? */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TimerBenchmark {

    private static final int TIMERS = 1000;

    /** Whose timers. */
    @Param({"spindle", "single", "netty", "vertx"})
    public String scheduler;

    private interface Timers {
        Disposable set(Runnable task, long millis);
    }

    private Executor target;
    private Timers timers;
    private Runnable close;

    /** Starts the loop. */
    @Setup
    public void start() {
        switch (scheduler) {
            case "spindle" -> use(EventLoop.create("bench"));
            case "single" -> use(Schedulers.newSingle("bench"));
            case "netty" -> {
                MultiThreadIoEventLoopGroup group = LoopContenders.nettyGroup();
                IoEventLoop loop = group.next();
                target = loop;
                timers = (task, millis) -> {
                    Future<?> set = loop.schedule(task, millis, TimeUnit.MILLISECONDS);
                    return () -> set.cancel(false);
                };
                close = group::shutdownGracefully;
            }
            default -> {
                Vertx vertx = Vertx.vertx();
                Context context = vertx.getOrCreateContext();
                target = task -> context.runOnContext(unused -> task.run());
                timers = (task, millis) -> {
                    long id = vertx.setTimer(millis, unused -> task.run());
                    return () -> vertx.cancelTimer(id);
                };
                close = vertx::close;
            }
        }
    }

    private void use(Scheduler scheduler) {
        target = scheduler::schedule;
        timers = (task, millis) -> scheduler.schedule(task, millis, TimeUnit.MILLISECONDS);
        close = scheduler::dispose;
    }

    /** Ends the loop. */
    @TearDown
    public void stop() {
        close.run();
    }

    /** A thousand timers of different delays, each cancelled. */
    @Benchmark
    @OperationsPerInvocation(TIMERS)
    public void setAndCancel() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        target.execute(() -> {
            Disposable[] set = new Disposable[TIMERS];
            for (int i = 0; i < TIMERS; i++) {
                set[i] = timers.set(() -> {}, 1000 + i);
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
        target.execute(() -> {
            for (int i = 0; i < TIMERS; i++) {
                timers.set(done::countDown, 1);
            }
        });
        done.await();
    }
}
