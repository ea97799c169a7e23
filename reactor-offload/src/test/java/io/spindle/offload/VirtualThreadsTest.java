// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** What a pool on virtual threads does as any other; before Java 21 it is any other. */
@ExtendWith(LeakCheck.class)
class VirtualThreadsTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final boolean AVAILABLE = Runtime.version().feature() >= 21;

    private final BlockingPool pool = BlockingPoolSpec.of("virtual")
            .threads(200)
            .virtualThreads(true)
            .keepAlive(Duration.ZERO)
            .start();

    @AfterEach
    void disposePool() {
        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
        assertThat(pool.metrics().threads()).isZero();
    }

    private static boolean isVirtual(Thread thread) {
        return thread.getClass().getName().contains("Virtual");
    }

    @Test
    void callsRunOnNamedVirtualThreadsWhereThereAreSuch() {
        Thread thread = Objects.requireNonNull(pool.call(Thread::currentThread).block(LONG));

        assertThat(thread.getName()).isEqualTo("virtual-1");
        assertThat(thread.isDaemon()).isTrue();
        assertThat(isVirtual(thread)).isEqualTo(AVAILABLE);
        assertThat(VirtualThreads.areAvailable()).isEqualTo(AVAILABLE);
        assertThat(BlockingPoolSpec.of("other").virtualThreads()).isFalse();
    }

    @Test
    void theyInheritNothingFromWhoMakesThemStart() {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        local.set("mine");

        assertThat(pool.call(() -> String.valueOf(local.get())).block(LONG)).isEqualTo("null");
    }

    @Test
    void asManyWaitAtOnceAsThePoolHasThreads() throws Exception {
        Gate gate = new Gate(200);
        AtomicInteger ended = new AtomicInteger();
        for (int i = 0; i < 250; i++) {
            pool.call(gate.then(i)).subscribe(value -> ended.incrementAndGet());
        }
        gate.awaitArrival();

        assertThat(pool.metrics().running()).isEqualTo(200);
        assertThat(pool.metrics().queued()).isEqualTo(50);

        gate.open();
        Spin.until(() -> ended.get() == 250);
        Spin.until(() -> pool.metrics().threads() == 0);
    }

    @Test
    void aCancelAndATimeOutInterruptAndANestedCallIsKnown() throws Exception {
        Gate gate = new Gate(1);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Disposable call = pool.call(() -> {
                    try {
                        gate.pass();
                        return interrupted.complete(false);
                    } catch (InterruptedException expected) {
                        return interrupted.complete(true);
                    }
                })
                .subscribe();
        gate.awaitArrival();
        call.dispose();
        assertThat(interrupted.get(20, TimeUnit.SECONDS)).isTrue();

        StepVerifier.create(pool.call(new Gate(1).then(1), Duration.ofMillis(20)))
                .expectError(TimeoutException.class)
                .verify(LONG);

        BlockingPool single =
                BlockingPoolSpec.of("single").threads(1).virtualThreads(true).start();
        StepVerifier.create(single.call(() -> single.call(() -> "in place").block(LONG)))
                .expectNext("in place")
                .expectComplete()
                .verify(LONG);
        CompletableFuture<@Nullable Void> end = single.disposeGracefully().toFuture();
        end.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aMapKeepsItsOrder() {
        StepVerifier.create(
                        Flux.range(0, 10_000).transform(pool.map(i -> i, 200)).collectList())
                .assertNext(all -> assertThat(all).hasSize(10_000).isSorted())
                .expectComplete()
                .verify(LONG);
    }
}
