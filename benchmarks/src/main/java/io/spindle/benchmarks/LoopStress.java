// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ServerSocketChannel;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import reactor.core.scheduler.Scheduler;

/**
 * Looks for a lost wake-up and a lost task: posts to loops that are just about to sleep, parked or polling, or that look
 * at their queue before they sleep, and to loops that are just ending, gracefully or at once, for as many rounds as it is
 * told (ten million by default). Prints what it found; exits with 1 if anything was lost.
 *
 * <p>A round is one post that must be seen: the poster waits a random moment, so that it meets the loop at each step of
 * falling asleep, posts, and waits until the task has run. Two posters do so in step, and race to be the one that wakes it: no
 * post of a later round makes up for a wake-up that is lost. One that takes over thirty seconds counts as lost: a loop that
 * missed it sleeps until the next post, and there is none. The same holds for an end that does not come.
 *
 * <p>Tasks, immediates and timers that are disposed about when they run are rounds, too, see {@link DisposalStress}.
 *
 * <p>Against an end 64 posts are made, and each is a round: tasks of a worker, ticks, microtasks, immediates, timers and
 * handles with a close callback. Those that come too late are rejected. A loop that ends gracefully has run exactly
 * what it took; one that ends at once may drop what it took, but runs nothing that it rejected. The values that a publisher
 * sends to a loop which ends are rounds, too: each is delivered or discarded, and one end is told.
 */
public final class LoopStress {

    private static final long LOST_NANOS = Duration.ofSeconds(30).toNanos();
    private static final int MAX_WAIT = 400; // of a pause each: some 5 to 20 microseconds
    private static final int LOOKS_BEFORE_YIELD = 1_000;
    private static final Duration LOOK = Duration.ofNanos(20_000);
    private static final int POSTS_PER_END = 64;

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
        EventLoopSpec looks = EventLoopSpec.of("stress").spin(LOOK); // so that posts come before and after its end
        EventLoopSpec ending = EventLoopSpec.of("stress").blockedThreshold(Duration.ZERO);
        Start parked = ending.nativeTransport(false)::start;
        Start epoll = () -> polling(ending);
        Start nio = () -> polling(ending.nativeTransport(false));
        long lost = report("wake-ups, parked", rounds / 10, part -> wakeUps(sleeps, false, 1, part, seed))
                + report("wake-ups by two, parked", rounds / 10, part -> wakeUps(sleeps, false, 2, part, seed))
                + report("wake-ups, looking before it parks", rounds / 10, part -> wakeUps(looks, false, 1, part, seed))
                + report("wake-ups, polling epoll", rounds / 10, part -> wakeUps(sleeps, true, 1, part, seed))
                + report("wake-ups by two, polling epoll", rounds / 10, part -> wakeUps(sleeps, true, 2, part, seed))
                + report("wake-ups, looking before it polls", rounds / 10, part -> wakeUps(looks, true, 1, part, seed))
                + report(
                        "wake-ups, polling NIO",
                        rounds / 10,
                        part -> wakeUps(sleeps.nativeTransport(false), true, 1, part, seed))
                + report(
                        "disposals while they run",
                        rounds / 10,
                        part -> disposals(EventLoopSpec.of("stress"), part, seed))
                + report("posts against a graceful end, parked", rounds / 30, part -> ends(parked, true, part, seed))
                + report("posts against a graceful end, epoll", rounds / 30, part -> ends(epoll, true, part, seed))
                + report("posts against a graceful end, NIO", rounds / 30, part -> ends(nio, true, part, seed))
                + report("posts against an end at once, parked", rounds / 30, part -> ends(parked, false, part, seed))
                + report("posts against an end at once, epoll", rounds / 30, part -> ends(epoll, false, part, seed))
                + report("posts against an end at once, NIO", rounds / 30, part -> ends(nio, false, part, seed));
        lost += report(
                "adopted values against an end", rounds / 10, part -> AdoptionStress.lost(ending::start, part, seed));
        System.exit(lost == 0 ? 0 : 1);
    }

    private interface Part {
        long lost(long rounds) throws Exception;
    }

    private interface Start {
        EventLoop loop() throws Exception;
    }

    private static long report(String what, long rounds, Part part) throws Exception {
        long start = System.nanoTime();
        long lost = part.lost(rounds);
        long nanos = System.nanoTime() - start;
        System.out.println(what + "\t" + rounds + " rounds\t" + lost + " lost\t" + nanos / 1_000_000_000 + " s, "
                + nanos / rounds + " ns each");
        return lost;
    }

    private static EventLoop polling(EventLoopSpec spec) throws InterruptedException {
        EventLoop loop = spec.start();
        loop.handle(listenOn(loop)).unref(); // a graceful end closes it
        return loop;
    }

    private static void end(EventLoop loop) {
        loop.dispose();
        loop.onDispose().block();
    }

    private static long disposals(EventLoopSpec spec, long rounds, long seed) {
        EventLoop loop = spec.start();
        long lost = DisposalStress.lost(loop, rounds, seed, LoopStress::holds, MAX_WAIT);
        end(loop);
        return lost;
    }

    private static long wakeUps(EventLoopSpec spec, boolean channel, int posters, long rounds, long seed)
            throws Exception {
        EventLoop loop = channel ? polling(spec) : spec.start();
        Moment moment = spec.spin().isZero() ? LoopStress::soon : LoopStress::aroundTheLook;
        ExecutorService threads = Executors.newFixedThreadPool(posters);
        AtomicLong arrived = new AtomicLong();
        List<Future<Long>> lost = new ArrayList<>();
        for (int poster = 0; poster < posters; poster++) {
            SplittableRandom random = new SplittableRandom(seed + poster);
            lost.add(threads.submit(() -> wakeUps(loop, rounds / posters, random, arrived, posters, moment)));
        }
        long sum = 0;
        for (Future<Long> each : lost) {
            sum += each.get();
        }
        threads.shutdown();
        end(loop);
        return sum;
    }

    private static long wakeUps(
            EventLoop loop, long rounds, SplittableRandom random, AtomicLong arrived, int posters, Moment moment) {
        Seen seen = new Seen();
        Scheduler.Worker worker = loop.createWorker();
        long lost = 0;
        for (long round = 1; round <= rounds; round++) {
            moment.await(random);
            worker.schedule(seen);
            long expected = round - lost;
            if (!holds(() -> seen.count >= expected)) {
                lost++;
            }
            arrived.incrementAndGet();
            long all = round * posters;
            holds(() -> arrived.get() >= all); // nobody posts before everybody's post was seen
        }
        return lost;
    }

    private interface Moment {
        void await(SplittableRandom random);
    }

    private static void soon(SplittableRandom random) {
        for (int wait = random.nextInt(MAX_WAIT); wait > 0; wait--) {
            Thread.onSpinWait();
        }
    }

    /** Mostly while the loop looks, for it looks less often when that was in vain; else about when it gives up and sleeps. */
    private static void aroundTheLook(SplittableRandom random) {
        long look = LOOK.toNanos();
        long wait = random.nextInt(8) == 0 ? random.nextLong(look * 3 / 4, look * 5 / 4) : random.nextLong(look / 2);
        long start = System.nanoTime();
        while (System.nanoTime() - start < wait) {
            Thread.onSpinWait();
        }
    }

    /** Waits until it does, returns false if it does not in time. */
    private static boolean holds(BooleanSupplier condition) {
        long start = System.nanoTime();
        for (int looks = 1; !condition.getAsBoolean(); looks++) {
            if (looks % LOOKS_BEFORE_YIELD != 0) {
                Thread.onSpinWait();
            } else if (System.nanoTime() - start > LOST_NANOS) {
                return false;
            } else {
                Thread.yield(); // there may be more threads than processors
            }
        }
        return true;
    }

    private static final class Seen implements Runnable {

        volatile long count;

        @Override
        @SuppressWarnings("NonAtomicOperationOnVolatileField") // one loop writes
        public void run() {
            count++;
        }
    }

    /** From now on the loop polls when it sleeps. */
    private static Channel listenOn(EventLoop loop) throws InterruptedException {
        Channel server = loop.resources().onChannel(ServerSocketChannel.class, loop.netty());
        server.pipeline().addLast(new ChannelInboundHandlerAdapter());
        loop.netty().register(server).sync();
        return server.bind(new InetSocketAddress("127.0.0.1", 0)).sync().channel();
    }

    /** Posts to loops that end meanwhile: each post is taken or rejected, the end comes, what is owed has run. */
    private static long ends(Start start, boolean gracefully, long rounds, long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        long lost = 0;
        long taken = 0;
        long rejected = 0;
        for (long round = 0; round < rounds; round += POSTS_PER_END) {
            EventLoop loop = start.loop();
            Posts posts = new Posts(loop);
            Thread poster = new Thread(posts);
            poster.start();
            for (int wait = random.nextInt(MAX_WAIT * 10); wait > 0; wait--) {
                Thread.onSpinWait();
            }
            if (!hasEnded(loop, gracefully)) {
                lost++;
            }
            poster.join();
            lost += POSTS_PER_END - posts.taken - posts.rejected; // neither taken nor rejected
            taken += posts.taken;
            rejected += posts.rejected;
            lost += posts.wrong(gracefully);
        }
        System.out.println("taken " + taken + ", rejected " + rejected);
        return lost;
    }

    private static boolean hasEnded(EventLoop loop, boolean gracefully) {
        if (!gracefully) {
            loop.dispose();
        }
        try {
            (gracefully ? loop.disposeGracefully() : loop.onDispose()).block(Duration.ofNanos(LOST_NANOS));
            return true;
        } catch (IllegalStateException e) {
            System.err.println(e);
            return false;
        }
    }

    /** What one thread posts, and what became of it: to be read when the thread and the loop have ended. */
    private static final class Posts implements Runnable {

        private final EventLoop loop;
        private final Scheduler.Worker worker;
        private final int[] ran = new int[POSTS_PER_END]; // how often each; of the loop
        private final boolean[] isTaken = new boolean[POSTS_PER_END];
        private long taken;
        private long rejected;

        Posts(EventLoop loop) {
            this.loop = loop;
            this.worker = loop.createWorker();
        }

        /** A worker that is there may still be posted to when the loop takes nothing else any more. */
        private void tryToPost(int number) {
            try {
                post(number, () -> ran[number]++);
                isTaken[number] = true;
                taken++;
            } catch (RejectedExecutionException e) {
                rejected++;
            }
        }

        private void post(int number, Runnable task) {
            switch (number % 8) {
                case 1 -> loop.nextTick(task);
                case 2 -> loop.queueMicrotask(task);
                case 3 -> loop.setImmediate(task);
                case 4 -> loop.setTimeout(Duration.ZERO, task);
                case 5 -> loop.open("stress", task).dispose();
                case 6 -> worker.schedule(task, 1, TimeUnit.MICROSECONDS);
                default -> worker.schedule(task);
            }
        }

        /** What was rejected must not run, what was taken must, once; an end at once may drop it. */
        long wrong(boolean gracefully) {
            long wrong = 0;
            for (int i = 0; i < POSTS_PER_END; i++) {
                int most = isTaken[i] ? 1 : 0;
                int least = gracefully ? most : 0;
                wrong += ran[i] < least || ran[i] > most ? 1 : 0;
            }
            return wrong;
        }

        @Override
        public void run() {
            try {
                for (int i = 0; i < POSTS_PER_END; i++) {
                    tryToPost(i);
                }
            } catch (RuntimeException e) {
                System.err.println(e); // a post must be taken or rejected
            }
        }
    }
}
