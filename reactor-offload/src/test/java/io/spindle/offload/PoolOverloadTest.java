// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Far more work than a pool can take, and work that is given up at any moment: nothing is lost, nothing stays. */
@ExtendWith(LeakCheck.class)
class PoolOverloadTest {

    private static final Duration LONG = Duration.ofSeconds(50);
    private static final int CAPACITY = 1_000;
    private static final int SUBMISSIONS = 1_000_000;
    private static final int CANCELS = 100_000;

    private final BlockingPool pool =
            BlockingPoolSpec.of("overload").threads(2).queueCapacity(CAPACITY).start();

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void eachOfAMillionSubmissionsCompletesOrIsRefused() throws InterruptedException {
        Counting outcome = new Counting(SUBMISSIONS);
        AtomicInteger ran = new AtomicInteger();
        Mono<Integer> call = pool.call(ran::incrementAndGet);
        int longest = 0;

        for (int i = 0; i < SUBMISSIONS; i++) {
            call.subscribe(outcome);
            longest = Math.max(longest, pool.metrics().queued());
        }
        Gate.await(outcome.ended);

        assertThat(outcome.completed.get() + outcome.refused.get()).isEqualTo(SUBMISSIONS);
        assertThat(outcome.otherErrors).isEmpty();
        assertThat(outcome.completed).hasValue(ran.get());
        assertThat(pool.metrics().rejected()).isEqualTo(outcome.refused.get());
        assertThat(longest).isLessThanOrEqualTo(CAPACITY);
        assertThat(pool.metrics().threads()).isLessThanOrEqualTo(2);
    }

    @Test
    void randomCancelsLeaveNoTaskNoRoomAndNoBuffer() {
        UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
        Mono<ByteBuf> call = pool.call(() -> allocator.heapBuffer(16)).doOnDiscard(ByteBuf.class, ByteBuf::release);
        Queue<Throwable> unexpected = new ConcurrentLinkedQueue<>();
        List<Disposable> present = new ArrayList<>();

        for (int i = 0; i < CANCELS; i++) {
            Releasing subscriber = new Releasing(unexpected);
            call.subscribe(subscriber);
            present.add(subscriber);
            if (present.size() == 64) {
                cancelInAnyOrder(present);
            }
        }
        cancelInAnyOrder(present);
        StepVerifier.create(pool.disposeGracefully()).expectComplete().verify(LONG);

        assertThat(unexpected).isEmpty();
        assertThat(pool.metrics())
                .extracting(BlockingPoolMetrics::threads, BlockingPoolMetrics::running, BlockingPoolMetrics::queued)
                .containsExactly(0, 0, 0);
        assertThat(allocator.metric().usedHeapMemory()).isZero();
    }

    private static void cancelInAnyOrder(List<Disposable> present) {
        while (!present.isEmpty()) {
            int last = present.size() - 1;
            int chosen = ThreadLocalRandom.current().nextInt(present.size());
            present.get(chosen).dispose();
            present.set(chosen, present.get(last));
            present.remove(last);
        }
    }

    /** Owns what it is given, even if that crosses its cancel. */
    private static final class Releasing extends BaseSubscriber<ByteBuf> {

        private final Queue<Throwable> unexpected;

        Releasing(Queue<Throwable> unexpected) {
            this.unexpected = unexpected;
        }

        @Override
        protected void hookOnNext(ByteBuf value) {
            value.release();
        }

        @Override
        protected void hookOnError(Throwable error) {
            if (!(error instanceof TaskRejectedException)) {
                unexpected.add(error);
            }
        }
    }

    /** Counts how subscriptions end; shared by all of them, so it holds nothing for one. */
    private static final class Counting implements CoreSubscriber<Integer> {

        private final AtomicInteger completed = new AtomicInteger();
        private final AtomicInteger refused = new AtomicInteger();
        private final Queue<Throwable> otherErrors = new ConcurrentLinkedQueue<>();
        private final CountDownLatch ended;

        Counting(int subscriptions) {
            ended = new CountDownLatch(subscriptions);
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Integer value) {
            completed.incrementAndGet();
        }

        @Override
        public void onError(Throwable error) {
            if (error instanceof TaskRejectedException) {
                refused.incrementAndGet();
            } else {
                otherErrors.add(error);
            }
            ended.countDown();
        }

        @Override
        public void onComplete() {
            ended.countDown();
        }
    }
}
