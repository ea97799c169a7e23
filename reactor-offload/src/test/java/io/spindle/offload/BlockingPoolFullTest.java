// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.offload.TaskRejectedException.Reason;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class BlockingPoolFullTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final BlockingPool pool = BlockingPoolSpec.of("full")
            .threads(1)
            .queueCapacity(1)
            .onFull(OnFull.WAIT)
            .start();

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void callsWaitForRoomAndComeHome() {
        List<Integer> values = new ArrayList<>();

        EventLoop.run(loop -> Flux.range(0, 1_000)
                .flatMap(i -> pool.call(() -> i), 100)
                .filter(i -> loop.inLoop())
                .subscribe(values::add));

        assertThat(values).hasSize(1_000).isSorted();
        assertThat(pool.metrics().rejected()).isZero();
    }

    @Test
    void aMapLargerThanTheQueueWaits() {
        StepVerifier.create(Flux.range(0, 1_000).transform(pool.map(i -> i, 64)).collectList())
                .assertNext(all -> assertThat(all).hasSize(1_000).isSorted())
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void whatNobodyCanWaitForIsRefused() throws Exception {
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> running = pool.call(gate.then(1)).toFuture();
        gate.awaitArrival();
        pool.schedule(() -> {});

        Throwable refusal = null;
        try {
            pool.schedule(() -> {});
        } catch (RejectedExecutionException error) {
            refusal = error;
        }

        assertThat(refusal)
                .isInstanceOfSatisfying(
                        TaskRejectedException.class,
                        error -> assertThat(error.reason()).isEqualTo(Reason.QUEUE_FULL));
        gate.open();
        assertThat(running).succeedsWithin(LONG);
    }

    @Test
    void theHistogramsTellWaitingFromRunning() throws Exception {
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> slow = pool.call(gate.then(1)).toFuture();
        gate.awaitArrival();
        CompletableFuture<@Nullable Integer> quick = pool.call(() -> 2).toFuture();
        long queuedAt = System.nanoTime();
        while (System.nanoTime() - queuedAt < 20_000_000) {
            Thread.onSpinWait();
        }

        gate.open();

        assertThat(slow).succeedsWithin(LONG);
        assertThat(quick).succeedsWithin(LONG);
        assertThat(pool.waitTimes().count()).isEqualTo(2);
        assertThat(pool.waitTimes().max()).isGreaterThanOrEqualTo(Duration.ofMillis(20));
        assertThat(pool.runTimes().count()).isEqualTo(2);
        assertThat(pool.runTimes().max()).isGreaterThanOrEqualTo(Duration.ofMillis(20));
        assertThat(pool.runTimes().total())
                .isGreaterThanOrEqualTo(pool.runTimes().max());
        assertThat(pool.runTimes().percentile(100)).isEqualTo(pool.runTimes().max());
        assertThat(pool.runTimes().toString()).endsWith("of 2");
    }
}
