// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.offload.TaskOptions.Priority;
import io.spindle.offload.TaskRejectedException.Reason;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.util.RaceTestUtils;

/** What a worker pool does with more than it has room for. */
@ExtendWith(LeakCheck.class)
class WorkerPoolFullTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    private final WorkerPools pools = new WorkerPools();

    @Test
    void aFullPoolRefuses() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().queueCapacity(1));
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> first = pool.run(gate.then(1)).toFuture();
        gate.awaitArrival();
        CompletableFuture<@Nullable Integer> second = pool.run(() -> 2).toFuture();

        StepVerifier.create(pool.run(() -> 3))
                .expectErrorSatisfies(error -> assertThat(reason(error)).isEqualTo(Reason.QUEUE_FULL))
                .verify(LONG);

        gate.open();
        assertThat(first).succeedsWithin(LONG).isEqualTo(1);
        assertThat(second).succeedsWithin(LONG).isEqualTo(2);
    }

    private static Reason reason(Throwable error) {
        return ((TaskRejectedException) error).reason();
    }

    @Test
    void aFullPoolMayLetWaitAndCancelEndsTheWaiting() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().queueCapacity(1).onFull(OnFull.WAIT));
        Gate gate = new Gate(1);
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<@Nullable Integer> first = pool.run(gate.then(1)).toFuture();
        gate.awaitArrival();
        List<CompletableFuture<Boolean>> others = IntStream.range(0, 5)
                .mapToObj(i -> pool.run(() -> order.add(i)).toFuture())
                .toList();
        for (int i = 0; i < 1_000; i++) {
            pool.run(() -> order.add(-1)).subscribe().dispose();
        }
        assertThat(pool.metrics().queued()).isEqualTo(1);
        assertThat(pool.metrics().waiting()).isEqualTo(4);

        gate.open();

        assertThat(first).succeedsWithin(LONG).isEqualTo(1);
        others.forEach(other -> assertThat(other).succeedsWithin(LONG));
        assertThat(order).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void whoRequestsTwiceWaitsOnce() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().queueCapacity(1).onFull(OnFull.WAIT));
        Gate gate = new Gate(1);
        pool.run(gate.then(1)).subscribe();
        gate.awaitArrival();
        pool.run(() -> 2).subscribe();

        StepVerifier.create(pool.run(() -> 3), 0)
                .thenRequest(1)
                .thenRequest(1)
                .then(() -> assertThat(pool.metrics().waiting()).isEqualTo(1))
                .then(gate::open)
                .expectNext(3)
                .expectComplete()
                .verify(LONG);

        assertThat(pool.metrics().waiting()).isZero();
    }

    @Test
    void whoIsCancelledWhileItBeginsToWaitIsNotCounted() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().queueCapacity(1).onFull(OnFull.WAIT));
        Gate gate = new Gate(1);
        pool.run(gate.then(1)).subscribe();
        gate.awaitArrival();
        pool.run(() -> 2).subscribe();
        AtomicInteger fewest = new AtomicInteger();

        for (int i = 0; i < 10_000; i++) {
            BaseSubscriber<Integer> each = new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    // requests later
                }
            };
            pool.run(() -> 3).subscribe(each);
            RaceTestUtils.race(
                    () -> each.request(1),
                    each::cancel,
                    () -> fewest.getAndAccumulate(pool.metrics().waiting(), Math::min));
        }

        assertThat(fewest).hasValue(0);
        assertThat(pool.metrics().waiting()).isZero();
        gate.open();
    }

    @Test
    void disposeRefusesWhoWaitsForRoom() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().queueCapacity(1).onFull(OnFull.WAIT));
        Gate gate = new Gate(1);
        pool.run(gate.then(1)).onErrorComplete().subscribe();
        gate.awaitArrival();
        List<CompletableFuture<Integer>> others = IntStream.range(0, 10_000)
                .mapToObj(i -> pool.run(() -> i).toFuture())
                .toList();

        pool.dispose();

        others.forEach(other -> assertThat(other)
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .satisfies(error -> assertThat(reason(error)).isEqualTo(Reason.DISPOSED)));
    }

    @Test
    void aGracefulEndServesWhoWaitsForRoom() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().queueCapacity(1).onFull(OnFull.WAIT));
        Gate gate = new Gate(1);
        pool.run(gate.then(1)).subscribe();
        gate.awaitArrival();
        List<CompletableFuture<Integer>> others = IntStream.range(0, 100)
                .mapToObj(i -> pool.run(() -> i).toFuture())
                .toList();
        CompletableFuture<@Nullable Void> end = pool.disposeGracefully().toFuture();

        gate.open();

        assertThat(end).succeedsWithin(LONG);
        assertThat(others).allMatch(CompletableFuture::isDone).noneMatch(CompletableFuture::isCompletedExceptionally);
    }

    @Test
    void aFullPoolMayDropTheOldest() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single().queueCapacity(2).onFull(OnFull.DROP_OLDEST));
        Gate gate = new Gate(1);
        pool.run(gate.then(1)).subscribe();
        gate.awaitArrival();
        List<CompletableFuture<Integer>> all = IntStream.range(0, 10_000)
                .mapToObj(i -> pool.run(() -> i).toFuture())
                .toList();
        assertThat(pool.metrics().queued()).isEqualTo(2);
        assertThat(pool.metrics().rejected()).isEqualTo(9_998);

        gate.open();

        assertThat(all.get(9_998)).succeedsWithin(LONG).isEqualTo(9_998);
        assertThat(all.get(9_999)).succeedsWithin(LONG).isEqualTo(9_999);
        assertThat(all.get(0))
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .satisfies(error -> assertThat(reason(error)).isEqualTo(Reason.DROPPED));
        assertThat(all.subList(0, 9_998)).allMatch(CompletableFuture::isCompletedExceptionally);
    }

    @Test
    void anOldTaskThatKeepsWaitingKeepsNoneOfThoseBehindIt() throws Exception {
        WorkerPool pool = pools.start(
                WorkerPoolSpec.of("cpu").threads(2, 2).queueCapacity(10).onFull(OnFull.DROP_OLDEST));
        TaskOptions key = TaskOptions.defaults().key("key");
        Gate gate = new Gate(1);
        CompletableFuture<?> first = pool.run(gate.then(1), key).toFuture();
        gate.awaitArrival();
        CompletableFuture<?> second = pool.run(() -> 2, key).toFuture();

        for (int i = 0; i < 5_000; i++) {
            assertThat(pool.run(() -> "between").block(LONG)).isEqualTo("between");
        }

        assertThat(((DefaultWorkerPool) pool).pool.keptByAge()).isLessThan(300);
        gate.open();
        assertThat(first).succeedsWithin(LONG).isEqualTo(1);
        assertThat(second).succeedsWithin(LONG).isEqualTo(2);
    }

    @Test
    void overloadLosesNothing() {
        WorkerPool pool = pools.start(WorkerPoolSpec.of("cpu").threads(0, 2).queueCapacity(1_000));
        AtomicInteger values = new AtomicInteger();
        AtomicInteger refusals = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(1_000_000);

        for (int i = 0; i < 1_000_000; i++) {
            pool.run(() -> 1).doFinally(end -> all.countDown()).subscribe(v -> values.incrementAndGet(), error -> {
                if (reason(error) == Reason.QUEUE_FULL) {
                    refusals.incrementAndGet();
                }
            });
        }
        Mono.fromCallable(() -> {
                    Gate.await(all);
                    return 1;
                })
                .subscribeOn(Schedulers.boundedElastic())
                .block(LONG);

        assertThat(values.get() + refusals.get()).isEqualTo(1_000_000);
        assertThat(pool.metrics().rejected()).isEqualTo(refusals.get());
    }

    @Test
    void randomCancelsLeaveNothing() throws Exception {
        for (OnFull onFull : OnFull.values()) {
            WorkerPool pool = pools.start(WorkerPoolSpec.of("cpu")
                    .threads(0, 2)
                    .queueCapacity(100)
                    .onFull(onFull)
                    .grace(Duration.ZERO));
            Disposable[] recent = new Disposable[64];
            for (int i = 0; i < 20_000; i++) {
                TaskOptions options = i % 3 == 0
                        ? TaskOptions.defaults().key(i % 5)
                        : TaskOptions.defaults().priority(i % 3 == 1 ? Priority.HIGH : Priority.LOW);
                int slot = (i * 31) % recent.length;
                if (recent[slot] != null) {
                    recent[slot].dispose();
                }
                recent[slot] = pool.run(() -> 1, options).onErrorComplete().subscribe();
            }
            for (Disposable each : recent) {
                each.dispose();
            }
            pool.drain().block(LONG);

            assertThat(pool.metrics().queued()).isZero();
            assertThat(pool.metrics().running()).isZero();
            assertThat(pool.metrics().waiting()).isZero();
            assertThat(pool.run(() -> "alive").block(LONG)).isEqualTo("alive");
        }
    }
}
