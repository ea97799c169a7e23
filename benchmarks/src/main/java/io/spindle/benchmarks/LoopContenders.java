// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.loop.Timeout;
import io.vertx.core.Vertx;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The programs of the loop's figures: what is measured, and on whose loop. */
public final class LoopContenders {

    private static final int BATCH = 200_000;
    private static final int WINDOW = 256;

    private LoopContenders() {}

    /**
     * Runs one contender.
     *
     * @param args what to measure, the contender, and {@code --quick} for a smoke run
     */
    public static void main(String[] args) throws Exception {
        String who = args[1];
        switch (args[0]) {
            case "post" -> Rate.print(args, windowed(executor(who)));
            case "posted" -> Rate.print(args, circulating(executor(who)));
            case "schedule" -> Rate.print(args, windowed(scheduler(who)::schedule));
            case "worker" -> Rate.print(args, windowed(scheduler(who).createWorker()::schedule));
            case "tick" -> Rate.print(args, chain(who, EventLoop::nextTick));
            case "microtask" -> Rate.print(args, chain(who, EventLoop::queueMicrotask));
            case "immediate" -> Rate.print(args, immediates());
            case "timers" -> Rate.print(args, timers(who));
            case "fire" -> Rate.print(args, fire(who));
            case "pingpong" -> Rate.print(args, pingPong(executor(who), executor(who)));
            case "http" -> HttpEcho.measure(args, who, false);
            case "flood" -> HttpEcho.measure(args, who, true);
            default -> throw new IllegalArgumentException("unknown measurement: " + args[0]);
        }
        System.exit(0);
    }

    static MultiThreadIoEventLoopGroup nettyGroup() {
        IoHandlerFactory transport = Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(1, transport);
    }

    private static EventLoop loop(String who) {
        EventLoopSpec spec = EventLoopSpec.of("bench");
        return (who.equals("unwatched") ? spec.blockedThreshold(Duration.ZERO) : spec).start();
    }

    private static Executor executor(String who) {
        return switch (who) {
            case "spindle", "unwatched" -> loop(who).netty();
            case "netty" -> nettyGroup().next();
            case "single" -> Schedulers.newSingle("bench")::schedule;
            case "vertx" -> {
                var context = Vertx.vertx().getOrCreateContext();
                yield task -> context.runOnContext(unused -> task.run());
            }
            default -> throw new IllegalArgumentException("unknown contender: " + who);
        };
    }

    private static Scheduler scheduler(String who) {
        return who.equals("spindle") ? EventLoop.create("bench") : Schedulers.newSingle("bench");
    }

    /** Posts from this thread with at most {@link #WINDOW} tasks on the way. */
    private static Rate.Batch windowed(Executor target) {
        Semaphore window = new Semaphore(WINDOW);
        AtomicInteger credit = new AtomicInteger();
        Runnable task = () -> {
            // Credits come back in lots, so that the semaphore is not what is measured.
            if (credit.incrementAndGet() == WINDOW / 4) {
                credit.set(0);
                window.release(WINDOW / 4);
            }
        };
        return () -> {
            for (int i = 0; i < BATCH; i += WINDOW / 4) {
                window.acquire(WINDOW / 4);
                for (int j = 0; j < WINDOW / 4; j++) {
                    target.execute(task);
                }
            }
            return BATCH;
        };
    }

    /** Tasks that post themselves again and again: one thread, so the swings of a hand-over are not what is measured. */
    private static Rate.Batch circulating(Executor loop) {
        return () -> {
            CountDownLatch done = new CountDownLatch(WINDOW);
            int rounds = BATCH * 5 / WINDOW;
            loop.execute(() -> {
                for (int i = 0; i < WINDOW; i++) {
                    loop.execute(new Runnable() {
                        private int left = rounds;

                        @Override
                        public void run() {
                            if (--left > 0) {
                                loop.execute(this);
                            } else {
                                done.countDown();
                            }
                        }
                    });
                }
            });
            done.await();
            return (long) rounds * WINDOW;
        };
    }

    private interface Queue {
        void add(EventLoop loop, Runnable task);
    }

    /** Each callback queues the next, as in Node's script. */
    private static Rate.Batch chain(String who, Queue queue) {
        EventLoop loop = loop(who);
        return () -> {
            CountDownLatch done = new CountDownLatch(1);
            Runnable link = new Runnable() {
                private int left = BATCH * 5;

                @Override
                public void run() {
                    if (--left > 0) {
                        queue.add(loop, this);
                    } else {
                        done.countDown();
                    }
                }
            };
            loop.schedule(link);
            done.await();
            return BATCH * 5L;
        };
    }

    private static Rate.Batch immediates() {
        EventLoop loop = EventLoop.create("bench");
        return () -> {
            CountDownLatch done = new CountDownLatch(1);
            Runnable batch = new Runnable() {
                private int left = BATCH;

                @Override
                public void run() {
                    if (left <= 0) {
                        done.countDown();
                        return;
                    }
                    left -= 1000;
                    for (int i = 0; i < 999; i++) {
                        loop.setImmediate(() -> {});
                    }
                    loop.setImmediate(this);
                }
            };
            loop.schedule(batch);
            done.await();
            return BATCH;
        };
    }

    /** Sets 1,000,000 timers of 1,000 durations and clears each, on the loop's thread, in lots of 1,000. */
    private static Rate.Batch timers(String who) {
        int timers = 1_000_000;
        switch (who) {
            case "spindle" -> {
                EventLoop loop = EventLoop.create("bench");
                Timeout[] set = new Timeout[1000];
                Duration[] delays = new Duration[1000];
                for (int i = 0; i < delays.length; i++) {
                    delays[i] = Duration.ofMillis(1000 + i);
                }
                return onThread(loop.netty(), timers, lot -> {
                    for (int i = 0; i < 1000; i++) {
                        set[i] = loop.setTimeout(delays[i], () -> {});
                    }
                    for (int i = 0; i < 1000; i++) {
                        set[i].dispose();
                    }
                });
            }
            case "netty" -> {
                var loop = nettyGroup().next();
                var set = new io.netty.util.concurrent.ScheduledFuture<?>[1000];
                return onThread(loop, timers, lot -> {
                    for (int i = 0; i < 1000; i++) {
                        set[i] = loop.schedule(() -> {}, 1000 + i, TimeUnit.MILLISECONDS);
                    }
                    for (int i = 0; i < 1000; i++) {
                        set[i].cancel(false);
                    }
                });
            }
            default -> {
                Scheduler single = Schedulers.newSingle("bench");
                Disposable[] set = new Disposable[1000];
                return onThread(single::schedule, timers, lot -> {
                    for (int i = 0; i < 1000; i++) {
                        set[i] = single.schedule(() -> {}, 1000 + i, TimeUnit.MILLISECONDS);
                    }
                    for (int i = 0; i < 1000; i++) {
                        set[i].dispose();
                    }
                });
            }
        }
    }

    private interface Lot {
        void run(int number);
    }

    private static Rate.Batch onThread(Executor loop, int operations, Lot lot) {
        return () -> {
            CountDownLatch done = new CountDownLatch(1);
            loop.execute(() -> {
                for (int i = 0; i < operations / 1000; i++) {
                    lot.run(i);
                }
                done.countDown();
            });
            done.await();
            return operations;
        };
    }

    /** Fires 100,000 timers of 1 to 100 ms; the figure is timers per second of processor time. */
    private static Rate.Batch fire(String who) {
        int timers = 100_000;
        EventLoop ours = who.equals("spindle") ? EventLoop.create("bench") : null;
        var nettys = ours == null ? nettyGroup().next() : null;
        Executor loop = ours != null ? ours.netty() : nettys;
        return () -> {
            long before = cpuNanos();
            long start = System.nanoTime();
            CountDownLatch done = new CountDownLatch(timers);
            loop.execute(() -> {
                for (int i = 0; i < timers; i++) {
                    int delay = 1 + i % 100;
                    if (ours != null) {
                        ours.setTimeout(Duration.ofMillis(delay), done::countDown);
                    } else {
                        nettys.schedule(done::countDown, delay, TimeUnit.MILLISECONDS);
                    }
                }
            });
            done.await();
            // Rate divides by wall time: scaled so that the processor's time counts.
            return (long) (timers * (double) (System.nanoTime() - start) / (cpuNanos() - before));
        };
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static Rate.Batch pingPong(Executor a, Executor b) {
        int trips = 20_000;
        return () -> {
            CountDownLatch done = new CountDownLatch(1);
            List<Runnable> pair = new ArrayList<>();
            AtomicInteger left = new AtomicInteger(trips);
            pair.add(() -> b.execute(pair.get(1)));
            pair.add(() -> {
                if (left.decrementAndGet() > 0) {
                    a.execute(pair.get(0));
                } else {
                    done.countDown();
                }
            });
            a.execute(pair.get(0));
            done.await();
            return trips;
        };
    }
}
