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
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Looks for a lost or doubled value or end of an adopted publisher: one thread sends the values of a {@code Flux}, and
 * completes or not, or the one of a {@code Mono}, while another at a random moment disposes the loop, or cancels and then
 * disposes it. Each value must be delivered or discarded, once, and a subscriber that has not cancelled must be told one end,
 * which is no error behind the value of a {@code Mono}.
 */
final class AdoptionStress {

    private static final int VALUES = 64;
    private static final int MAX_WAIT = 4_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Heeds no demand: what is sent is less than an adopted publisher requests ahead. */
    private static final Subscription HEEDLESS = new Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    };

    private final EventLoop loop;
    private final AtomicLong seen = new AtomicLong(); // a bit for each value
    private final AtomicInteger doubled = new AtomicInteger();
    private final AtomicInteger ends = new AtomicInteger();
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile @Nullable Subscription subscription;

    private AdoptionStress(EventLoop loop) {
        this.loop = loop;
    }

    /** Makes the loop of a round. */
    interface Start {
        EventLoop loop();
    }

    /** Returns how many values and ends were lost or doubled. */
    static long lost(Start start, long rounds, long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        ExecutorService sender = Executors.newSingleThreadExecutor();
        long lost = 0;
        for (long round = 0; round < rounds; ) {
            int values = random.nextInt(4) == 0 ? 1 : VALUES;
            lost += new AdoptionStress(start.loop()).run(sender, random, values);
            round += values;
        }
        sender.shutdown();
        return lost;
    }

    private final class Counting implements CoreSubscriber<Integer> {

        @Override
        public void onSubscribe(Subscription given) {
            subscription = given;
            given.request(Long.MAX_VALUE);
        }

        private final boolean one;
        private boolean delivered;

        Counting(boolean one) {
            this.one = one;
        }

        @Override
        public void onNext(Integer value) {
            delivered = true;
            see(value);
        }

        @Override
        public void onError(Throwable error) {
            if (one && delivered) { // a Mono ends with its value
                doubled.incrementAndGet();
            }
            onComplete();
        }

        @Override
        public void onComplete() {
            ends.incrementAndGet();
            end.countDown();
        }
    }

    private void see(int value) {
        long bit = 1L << value;
        if ((seen.getAndUpdate(before -> before | bit) & bit) != 0) {
            doubled.incrementAndGet();
        }
    }

    private long run(ExecutorService threads, SplittableRandom random, int values) throws Exception {
        boolean completes = values == 1 || random.nextBoolean();
        boolean cancels = random.nextInt(4) == 0;
        int moment = random.nextInt(values == 1 ? MAX_WAIT / 8 : MAX_WAIT);
        CompletableFuture<@Nullable Void> sent = new CompletableFuture<>();
        Flux<Integer> source = Flux.from(subscriber -> {
            subscriber.onSubscribe(HEEDLESS);
            threads.execute(() -> {
                send(subscriber, values, completes);
                sent.complete(null);
            });
        });
        Flux<Integer> adopted =
                values == 1 ? loop.adopt(Mono.fromDirect(source)).flux() : loop.adopt(source);
        adopted.doOnDiscard(Integer.class, this::see).subscribe(new Counting(values == 1));
        for (int i = 0; i < moment; i++) {
            Thread.onSpinWait();
        }
        Subscription given = subscription;
        if (cancels && given != null) {
            given.cancel();
        }
        loop.dispose();
        loop.onDispose().block(PATIENCE);
        sent.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        boolean told = cancels ? ends.get() <= 1 : end.await(PATIENCE.toSeconds(), TimeUnit.SECONDS) && ends.get() == 1;
        long lost = values - Long.bitCount(seen.get()) + doubled.get() + (told ? 0 : 1);
        if (lost > 0) {
            System.err.printf(
                    "of %d values %d seen, %d doubled, %d ends%s%s%n",
                    values,
                    Long.bitCount(seen.get()),
                    doubled.get(),
                    ends.get(),
                    completes ? ", completes" : "",
                    cancels ? ", cancelled" : "");
        }
        return lost;
    }

    private static void send(Subscriber<? super Integer> source, int values, boolean completes) {
        for (int value = 0; value < values; value++) {
            source.onNext(value);
        }
        if (completes) {
            source.onComplete();
        }
    }
}
