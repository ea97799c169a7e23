// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/**
 * Looks for a lost value or end of an adopted publisher: one thread sends 64 values, and completes or not, while another at
 * a random moment disposes the loop, or cancels and then disposes it. Each value must be delivered or discarded, and a
 * subscriber that has not cancelled must be told one end.
 */
final class AdoptionStress {

    private static final int VALUES = 64;
    private static final int MAX_WAIT = 4_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Sends whatever is asked for or not: it is less than an adopted publisher requests ahead. */
    private static final Subscription HEEDLESS = new Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    };

    private final EventLoop loop;
    private final AtomicInteger seen = new AtomicInteger();
    private final AtomicInteger ends = new AtomicInteger();
    private final CountDownLatch end = new CountDownLatch(1);
    private final BaseSubscriber<Integer> subscriber = new Counting();

    private AdoptionStress(EventLoop loop) {
        this.loop = loop;
    }

    private final class Counting extends BaseSubscriber<Integer> {

        @Override
        protected void hookOnNext(Integer value) {
            seen.incrementAndGet();
        }

        @Override
        protected void hookOnComplete() {
            ends.incrementAndGet();
            end.countDown();
        }

        @Override
        protected void hookOnError(Throwable error) {
            hookOnComplete();
        }
    }

    /** Returns how many values and ends were lost. */
    static long lost(EventLoopStart start, long rounds, long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        ExecutorService sender = Executors.newSingleThreadExecutor();
        long lost = 0;
        for (long round = 0; round < rounds; round += VALUES) {
            lost += new AdoptionStress(start.loop()).run(sender, random);
        }
        sender.shutdown();
        return lost;
    }

    /** Makes the loop of a round. */
    interface EventLoopStart {
        EventLoop loop();
    }

    private long run(ExecutorService threads, SplittableRandom random) throws Exception {
        boolean completes = random.nextBoolean();
        boolean cancels = random.nextInt(4) == 0;
        int moment = random.nextInt(MAX_WAIT);
        CompletableFuture<Void> sent = new CompletableFuture<>();
        loop.adopt(Flux.<Integer>from(source -> {
                    source.onSubscribe(HEEDLESS);
                    threads.execute(() -> {
                        send(source, completes);
                        sent.complete(null);
                    });
                }))
                .doOnDiscard(Integer.class, value -> seen.incrementAndGet())
                .subscribe(subscriber);
        for (int i = 0; i < moment; i++) {
            Thread.onSpinWait();
        }
        if (cancels) {
            subscriber.cancel();
        }
        loop.dispose();
        loop.onDispose().block(PATIENCE);
        sent.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        boolean told = cancels || (end.await(PATIENCE.toSeconds(), TimeUnit.SECONDS) && ends.get() == 1);
        long lost = Math.abs(VALUES - seen.get()) + (told ? 0 : 1);
        if (lost > 0) {
            System.err.println("of " + VALUES + " values seen " + seen + ", ends " + ends
                    + (completes ? ", completes" : "") + (cancels ? ", cancels" : ""));
        }
        return lost;
    }

    private static void send(Subscriber<? super Integer> source, boolean completes) {
        for (int value = 0; value < VALUES; value++) {
            source.onNext(value);
        }
        if (completes) {
            source.onComplete();
        }
    }
}
