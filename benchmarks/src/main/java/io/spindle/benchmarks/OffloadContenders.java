// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.buffer.ByteBuf;
import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.WorkerPool;
import io.spindle.offload.WorkerPoolSpec;
import io.spindle.offload.io.Crypto;
import io.spindle.offload.worker.Worker;
import io.spindle.offload.worker.WorkerContext;
import io.spindle.offload.worker.WorkerSpec;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The programs of the offload figures: what is measured, and who does it. */
public final class OffloadContenders {

    private static final int WINDOW = 256;
    private static final int CALLS = 100_000;
    private static final int WAITING = 200;
    private static final int FILES = 1000;
    private static final int FILE_WINDOW = 64;
    private static final int STREAM_CHUNK = 256 * 1024;
    private static final int KEYS = 4;
    private static final int TASK_WINDOW = 512;
    private static final int ITERATIONS = 100_000;
    private static final Callable<Integer> EMPTY = () -> 1;

    private OffloadContenders() {}

    /**
     * Runs one contender.
     *
     * @param args what to measure, the contender, and {@code --quick} for a smoke run
     */
    public static void main(String[] args) throws Exception {
        boolean quick = List.of(args).contains("--quick");
        String who = args[1];
        switch (args[0]) {
            case "call" -> Rate.print(args, outside(calls(who, EMPTY), WINDOW, CALLS));
            case "home" -> Rate.print(args, who.equals("vertx") ? vertx() : home(who));
            case "wait" -> Rate.print(args, outside(calls(who, OffloadContenders::waitAMoment), WAITING, WAITING * 20));
            case "read" -> Rate.print(args, read(who, quick));
            case "stream" -> Rate.print(args, stream(quick ? 64 : 1024));
            case "sha512", "sha256" -> Rate.print(args, pbkdf2(args[0]));
            case "fibonacci" -> Rate.print(args, fibonacci());
            case "task" -> Rate.print(args, tasks(who));
            case "message" -> Rate.print(args, messages());
            case "start" -> Rate.print(args, starts());
            default -> throw new IllegalArgumentException("unknown measurement: " + args[0]);
        }
        System.exit(0);
    }

    private static Mono<Integer> calls(String who, Callable<Integer> task) throws Exception {
        return switch (who) {
            case "spindle" -> BlockingPool.shared().call(task);
            case "elastic" -> Mono.fromCallable(task).subscribeOn(Schedulers.boundedElastic());
            case "virtual" -> Mono.fromCallable(task).subscribeOn(Schedulers.fromExecutorService(virtualThreads()));
            default -> throw new IllegalArgumentException("unknown contender: " + who);
        };
    }

    private static Integer waitAMoment() {
        LockSupport.parkNanos(1_000_000);
        return 1;
    }

    /** By reflection: the benchmarks are compiled for Java 17. */
    private static ExecutorService virtualThreads() throws ReflectiveOperationException {
        return (ExecutorService)
                Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    }

    /** Subscribes from this thread, with at most {@code window} on the way. */
    private static Rate.Batch outside(Mono<Integer> mono, int window, int operations) {
        int lot = window / 4;
        Semaphore credits = new Semaphore(window);
        AtomicInteger ended = new AtomicInteger();
        return () -> {
            for (int i = 0; i < operations; i += lot) {
                credits.acquire(lot);
                for (int j = 0; j < lot; j++) {
                    // Credits come back in lots, so that the semaphore is not what is measured.
                    mono.subscribe(new OnEnd(() -> {
                        if (ended.incrementAndGet() % lot == 0) {
                            credits.release(lot);
                        }
                    }));
                }
            }
            credits.acquire(window);
            credits.release(window);
            return operations / lot * lot;
        };
    }

    /** Subscribes from a loop where it completes, with {@code window} on the way. */
    private static Rate.Batch onLoop(EventLoop loop, IntFunction<Mono<?>> mono, int window, int operations) {
        return () -> {
            CountDownLatch done = new CountDownLatch(1);
            loop.schedule(() -> new Lanes(mono, operations, done).start(window));
            done.await();
            return operations;
        };
    }

    /** Each that ends starts the next. */
    private static final class Lanes {

        private final IntFunction<Mono<?>> mono;
        private final CountDownLatch done;
        private int toStart;
        private int toEnd;

        Lanes(IntFunction<Mono<?>> mono, int operations, CountDownLatch done) {
            this.mono = mono;
            this.done = done;
            this.toStart = operations;
            this.toEnd = operations;
        }

        void start(int window) {
            for (int i = 0; i < window; i++) {
                next();
            }
        }

        private void next() {
            if (toStart > 0) {
                mono.apply(--toStart).subscribe(new OnEnd(this::ended));
            }
        }

        private void ended() {
            next();
            if (--toEnd == 0) {
                done.countDown();
            }
        }
    }

    private static Rate.Batch home(String who) throws Exception {
        EventLoop loop = EventLoop.create("bench");
        Mono<?> mono =
                who.equals("spindle") ? calls(who, EMPTY) : calls(who, EMPTY).publishOn(loop);
        return onLoop(loop, index -> mono, WINDOW, CALLS);
    }

    private static Rate.Batch vertx() {
        var context = Vertx.vertx().getOrCreateContext();
        return () -> {
            CountDownLatch done = new CountDownLatch(1);
            context.runOnContext(unused -> new VertxLanes(context, done).next(WINDOW));
            done.await();
            return CALLS;
        };
    }

    /** Each that ends starts the next, in a loop: a future may be complete before it has its listener. */
    private static final class VertxLanes {

        private final Context context;
        private final CountDownLatch done;
        private int toStart = CALLS;
        private int toEnd = CALLS;
        private int allowed;
        private boolean starting;

        VertxLanes(Context context, CountDownLatch done) {
            this.context = context;
            this.done = done;
        }

        void next(int more) {
            allowed += more;
            if (starting) {
                return;
            }
            starting = true;
            while (allowed > 0 && toStart > 0) {
                allowed--;
                toStart--;
                context.executeBlocking(EMPTY, false).onComplete(value -> {
                    next(1);
                    if (--toEnd == 0) {
                        done.countDown();
                    }
                });
            }
            starting = false;
        }
    }

    private static Rate.Batch read(String who, boolean quick) throws IOException {
        Path directory = Files.createTempDirectory("spindle-benchmark");
        directory.toFile().deleteOnExit();
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            Path path = Files.write(directory.resolve("file-" + i), new byte[1024]);
            path.toFile().deleteOnExit();
            paths.add(path);
        }
        EventLoop loop = EventLoop.create("bench");
        IntFunction<Mono<?>> mono = who.equals("spindle")
                ? index -> io.spindle.offload.io.Files.readFile(paths.get(index % FILES))
                : index -> Mono.fromCallable(() -> Files.readAllBytes(paths.get(index % FILES)))
                        .subscribeOn(Schedulers.boundedElastic())
                        .publishOn(loop);
        return onLoop(loop, mono, FILE_WINDOW, quick ? FILES : FILES * 20);
    }

    private static Rate.Batch stream(int megabytes) throws IOException {
        Path file = Files.createTempFile("spindle-benchmark", ".bin");
        file.toFile().deleteOnExit();
        byte[] piece = new byte[1 << 20];
        try (var out = Files.newOutputStream(file)) {
            for (int i = 0; i < megabytes; i++) {
                out.write(piece);
            }
        }
        EventLoop loop = EventLoop.create("bench");
        return () -> {
            long bytes = Flux.defer(
                            () -> io.spindle.offload.io.Files.readBuffers(file, 0, Long.MAX_VALUE, STREAM_CHUNK))
                    .subscribeOn(loop)
                    .map(OffloadContenders::sizeAndRelease)
                    .reduce(0L, Long::sum)
                    .block();
            return bytes >> 20;
        };
    }

    private static long sizeAndRelease(ByteBuf buffer) {
        long size = buffer.readableBytes();
        buffer.release();
        return size;
    }

    private static Rate.Batch pbkdf2(String digest) {
        EventLoop loop = EventLoop.create("bench");
        byte[] salt = new byte[16];
        return onLoop(loop, index -> Crypto.pbkdf2("secret" + index, salt, ITERATIONS, 64, digest), KEYS, KEYS);
    }

    private static Rate.Batch fibonacci() {
        WorkerPool pool = WorkerPoolSpec.of("bench").threads(2, 2).start();
        return onLoop(EventLoop.create("bench"), index -> pool.run(() -> fibonacci(40)), 2, 2);
    }

    private static int fibonacci(int n) {
        return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    }

    private static Rate.Batch tasks(String who) {
        EventLoop loop = EventLoop.create("bench");
        Mono<?> mono;
        if (who.equals("spindle")) {
            mono = WorkerPoolSpec.of("bench").threads(2, 2).start().run(EMPTY);
        } else {
            Scheduler fixed = Schedulers.fromExecutorService(
                    new ThreadPoolExecutor(2, 2, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(10_000)));
            mono = Mono.fromCallable(EMPTY).subscribeOn(fixed).publishOn(loop);
        }
        return onLoop(loop, index -> mono, TASK_WINDOW, CALLS);
    }

    private static Rate.Batch messages() throws InterruptedException {
        int trips = 20_000;
        EventLoop loop = EventLoop.create("bench");
        AtomicInteger left = new AtomicInteger();
        Semaphore done = new Semaphore(0);
        List<Worker<Integer, Integer>> started = new ArrayList<>();
        CountDownLatch online = new CountDownLatch(1);
        loop.schedule(() -> {
            Worker<Integer, Integer> worker =
                    WorkerSpec.of(OffloadContenders::echo).start();
            started.add(worker);
            worker.online().subscribe(none -> {}, Throwable::printStackTrace, online::countDown);
            worker.messages().subscribe(message -> {
                if (left.decrementAndGet() > 0) {
                    worker.postMessage(message);
                } else {
                    done.release();
                }
            });
        });
        online.await();
        return () -> {
            left.set(trips);
            started.get(0).postMessage(1);
            done.acquire();
            return trips;
        };
    }

    private static void echo(WorkerContext<Integer, Integer> context) {
        context.parentPort().messages().subscribe(context.parentPort()::postMessage);
    }

    private static Rate.Batch starts() {
        int workers = 200;
        return onLoop(
                EventLoop.create("bench"),
                index -> WorkerSpec.<Integer, Integer>of(context -> {}).start().exit(),
                1,
                workers);
    }

    /** Requests everything and says when it has ended. */
    private static final class OnEnd implements CoreSubscriber<Object> {

        private final Runnable callback;

        OnEnd(Runnable callback) {
            this.callback = callback;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Object value) {
            // the value is not what is measured
        }

        @Override
        public void onError(Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }

        @Override
        public void onComplete() {
            callback.run();
        }
    }
}
