// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ServerSocketChannel;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.scheduler.Scheduler;

/**
 * Looks for a lost wake-up and a lost task: posts to loops that are just about to sleep, parked or polling, or that look
 * at their queue before they sleep, and to loops that are just ending gracefully, for as many rounds as it is told (ten
 * million by default). Prints what it found; exits with 1 if anything was lost.
 *
 * <p>A round is one post that must be seen: the poster waits a random moment, so that it meets the loop at each step of
 * falling asleep, posts, and waits until the task has run. A wake-up that takes over thirty seconds counts as lost: a loop
 * that missed one sleeps until the next post, and there is none.
 */
public final class LoopStress {

    private static final long LOST_NANOS = Duration.ofSeconds(30).toNanos();
    private static final int MAX_WAIT = 400;
    private static final int POSTS_PER_DISPOSAL = 64;

    private LoopStress() {}

    /**
     * Runs the stress.
     *
     * @param args the number of rounds, default 10,000,000, and the seed of the moments, default 42
     */
    public static void main(String[] args) throws Exception {
        long rounds = args.length > 0 ? Long.parseLong(args[0]) : 10_000_000;
        long seed = args.length > 1 ? Long.parseLong(args[1]) : 42;
        EventLoopSpec sleeps = EventLoopSpec.of("stress").spin(Duration.ZERO);
        EventLoopSpec looks = EventLoopSpec.of("stress");
        long lost = report("wake-ups, parked", rounds * 3 / 10, part -> wakeUps(sleeps, false, part, seed))
                + report("wake-ups, looking before it parks", rounds / 10, part -> wakeUps(looks, false, part, seed))
                + report("wake-ups, polling epoll", rounds * 2 / 10, part -> wakeUps(sleeps, true, part, seed))
                + report("wake-ups, looking before it polls", rounds / 10, part -> wakeUps(looks, true, part, seed))
                + report(
                        "wake-ups, polling NIO",
                        rounds / 10,
                        part -> wakeUps(sleeps.nativeTransport(false), true, part, seed))
                + report("posts against disposal", rounds * 2 / 10, part -> disposals(part, seed));
        System.exit(lost == 0 ? 0 : 1);
    }

    private interface Part {
        long lost(long rounds) throws Exception;
    }

    private static long report(String what, long rounds, Part part) throws Exception {
        long start = System.nanoTime();
        long lost = part.lost(rounds);
        long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds();
        System.out.println(what + "\t" + rounds + " rounds\t" + lost + " lost\t" + seconds + " s");
        return lost;
    }

    private static long wakeUps(EventLoopSpec spec, boolean channel, long rounds, long seed) throws Exception {
        EventLoop loop = spec.start();
        if (channel) {
            Channel server = loop.resources().onChannel(ServerSocketChannel.class, loop.netty());
            server.pipeline().addLast(new ChannelInboundHandlerAdapter());
            loop.netty().register(server).sync(); // registered is enough: the loop polls from now on
            server.bind(new java.net.InetSocketAddress("127.0.0.1", 0)).sync();
        }
        SplittableRandom random = new SplittableRandom(seed);
        Seen seen = new Seen();
        Scheduler.Worker worker = loop.createWorker();
        long lost = 0;
        for (long round = 1; round <= rounds; round++) {
            for (int wait = random.nextInt(MAX_WAIT); wait > 0; wait--) {
                Thread.onSpinWait();
            }
            worker.schedule(seen);
            long start = System.nanoTime();
            while (seen.count < round - lost) {
                Thread.onSpinWait();
                if (System.nanoTime() - start > LOST_NANOS) {
                    lost++;
                    break;
                }
            }
        }
        loop.dispose();
        loop.onDispose().block();
        return lost;
    }

    private static final class Seen implements Runnable {

        volatile long count;

        @Override
        @SuppressWarnings("NonAtomicOperationOnVolatileField") // one loop writes
        public void run() {
            count++;
        }
    }

    /** Every task that a loop accepted before it ended gracefully must have run: accepted = ran. */
    private static long disposals(long rounds, long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        long lost = 0;
        for (long round = 0; round < rounds; round += POSTS_PER_DISPOSAL) {
            EventLoop loop = EventLoopSpec.of("stress")
                    .blockedThreshold(Duration.ZERO)
                    .nativeTransport(false)
                    .start();
            Scheduler.Worker worker = loop.createWorker();
            AtomicLong ran = new AtomicLong();
            AtomicLong accepted = new AtomicLong();
            CountDownLatch posted = new CountDownLatch(1);
            Thread poster = new Thread(() -> {
                try {
                    for (int i = 0; i < POSTS_PER_DISPOSAL; i++) {
                        worker.schedule(ran::incrementAndGet);
                        accepted.incrementAndGet();
                    }
                } catch (RejectedExecutionException e) {
                    // from here on nothing is accepted
                } catch (RuntimeException e) {
                    accepted.incrementAndGet(); // a post must be taken or rejected
                    System.err.println(e);
                } finally {
                    posted.countDown();
                }
            });
            poster.start();
            for (int wait = random.nextInt(MAX_WAIT * 10); wait > 0; wait--) {
                Thread.onSpinWait();
            }
            loop.disposeGracefully().block();
            posted.await();
            lost += accepted.get() - ran.get();
        }
        return lost;
    }
}
