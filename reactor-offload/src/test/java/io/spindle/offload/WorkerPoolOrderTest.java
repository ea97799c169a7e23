// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.offload.TaskOptions.Priority;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** Which of the waiting tasks goes next: by priority, and by key. */
@ExtendWith(LeakCheck.class)
class WorkerPoolOrderTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    private final WorkerPools pools = new WorkerPools();

    @Test
    void higherPrioritiesGoFirstAndTheLowestDoesNotStarve() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single());
        Gate gate = new Gate(1);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        Mono<Object> busy = pool.run(gate.then("busy"));
        busy.subscribe();
        gate.awaitArrival();

        List<Mono<Boolean>> tasks = new ArrayList<>();
        tasks.add(pool.run(() -> order.add("low"), TaskOptions.defaults().priority(Priority.LOW)));
        tasks.add(pool.run(() -> order.add("normal")));
        IntStream.range(0, 40)
                .forEach(i -> tasks.add(
                        pool.run(() -> order.add("high"), TaskOptions.defaults().priority(Priority.HIGH))));
        CompletableFuture<?>[] all = tasks.stream().map(Mono::toFuture).toArray(CompletableFuture<?>[]::new);
        gate.open();

        assertThat(CompletableFuture.allOf(all)).succeedsWithin(LONG);
        assertThat(order.get(0)).isEqualTo("high");
        assertThat(order.indexOf("low")).isBetween(13, 16); // the sixteenth turn, the gate's included
        assertThat(order.indexOf("normal")).isBetween(5, 8); // the eighth
    }

    @Test
    void theMiddlePriorityDoesNotStarveBetweenTwoThatAlwaysHaveWork() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single());
        Gate gate = new Gate(1);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        pool.run(gate.then("busy")).subscribe();
        gate.awaitArrival();

        List<Mono<Boolean>> tasks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            tasks.add(pool.run(() -> order.add("low"), TaskOptions.defaults().priority(Priority.LOW)));
            tasks.add(pool.run(() -> order.add("high"), TaskOptions.defaults().priority(Priority.HIGH)));
        }
        tasks.add(pool.run(() -> order.add("normal")));
        tasks.add(pool.run(() -> order.add("normal")));
        CompletableFuture<?>[] all = tasks.stream().map(Mono::toFuture).toArray(CompletableFuture<?>[]::new);
        gate.open();

        assertThat(CompletableFuture.allOf(all)).succeedsWithin(LONG);
        assertThat(order.lastIndexOf("normal")).isLessThan(32); // one in sixteen turns
    }

    @Test
    void aSubscriberThatThrowsDoesNotHoldUpItsKey() {
        WorkerPool pool = pools.start(WorkerPools.single());
        TaskOptions keyed = TaskOptions.defaults().key("key");
        pool.run(
                        () -> {
                            throw new IllegalStateException("boom");
                        },
                        keyed)
                .subscribe(value -> {}, error -> {
                    throw new IllegalArgumentException("the subscriber's", error);
                });

        assertThat(pool.run(() -> "next", keyed).toFuture())
                .succeedsWithin(LONG)
                .isEqualTo("next");
    }

    @Test
    void tasksOfOneKeyRunInOrderAndNeverTwoAtATime() {
        WorkerPool pool = pools.start(WorkerPoolSpec.of("cpu").threads(0, 4));
        int keys = 7;
        List<ConcurrentLinkedQueue<Integer>> seen = IntStream.range(0, keys)
                .mapToObj(i -> new ConcurrentLinkedQueue<Integer>())
                .toList();
        AtomicInteger[] running =
                IntStream.range(0, keys).mapToObj(i -> new AtomicInteger()).toArray(AtomicInteger[]::new);
        AtomicInteger overlaps = new AtomicInteger();

        List<CompletableFuture<Integer>> all = IntStream.range(0, 7_000)
                .mapToObj(i -> {
                    int key = i % keys;
                    return pool.run(
                                    () -> {
                                        if (running[key].getAndIncrement() != 0) {
                                            overlaps.incrementAndGet();
                                        }
                                        seen.get(key).add(i);
                                        return running[key].decrementAndGet();
                                    },
                                    TaskOptions.defaults().key("key " + key))
                            .toFuture();
                })
                .toList();

        assertThat(CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])))
                .succeedsWithin(LONG);
        assertThat(overlaps).hasValue(0);
        assertThat(seen)
                .allSatisfy(each -> assertThat(List.copyOf(each)).hasSize(1_000).isSorted());
    }

    @Test
    void aTaskOfAKeyThatIsCancelledLetsTheNextRun() throws Exception {
        WorkerPool pool = pools.start(WorkerPools.single());
        Gate gate = new Gate(1);
        TaskOptions key = TaskOptions.defaults().key(1);
        CompletableFuture<@Nullable Integer> first = pool.run(gate.then(1), key).toFuture();
        gate.awaitArrival();
        pool.run(() -> 2, key).subscribe().dispose();
        CompletableFuture<@Nullable Integer> third = pool.run(() -> 3, key).toFuture();
        assertThat(pool.metrics().queued()).isEqualTo(1);

        gate.open();

        assertThat(first).succeedsWithin(LONG).isEqualTo(1);
        assertThat(third).succeedsWithin(LONG).isEqualTo(3);
    }
}
