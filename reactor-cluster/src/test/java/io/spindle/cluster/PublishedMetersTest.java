// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

/** What a worker publishes of its meters. */
class PublishedMetersTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final PublishedMeters published = new PublishedMeters();

    private Control.Meters read() {
        return Objects.requireNonNull(published.read().block(LONG));
    }

    @Test
    void theSameRegistryIsToldOnceAndTakenBackByItsHandle() {
        MeterRegistry registry = new SimpleMeterRegistry();
        registry.counter("counted").increment();
        Disposable first = published.add(new MeterReader(registry));
        published.add(new MeterReader(registry));
        published.add(new MeterReader(new SimpleMeterRegistry()));

        assertThat(read().meters()).hasSize(1);

        first.dispose();
        assertThat(read().meters()).isEmpty();
        assertThat(published.isEmpty()).isFalse();
    }

    @Test
    void whoAsksWhileTheyAreReadGetsThatReadingAndTheNextIsNewer() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch open = new CountDownLatch(1);
        AtomicInteger readings = new AtomicInteger();
        published.add(() -> {
            readings.incrementAndGet();
            begun.countDown();
            try {
                open.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException("a cancel must not interrupt what is the user's", e);
            }
            return List.of();
        });
        CompletableFuture<Control.@Nullable Meters> first = published.read().toFuture();
        assertThat(begun.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
        CompletableFuture<Control.@Nullable Meters> second = published.read().toFuture();
        published.read().subscribe().dispose();
        open.countDown();

        assertThat(first).succeedsWithin(LONG);
        assertThat(second).succeedsWithin(LONG).isEqualTo(first.join());
        assertThat(readings).hasValue(1);
        assertThat(read().number())
                .isGreaterThan(Objects.requireNonNull(first.join()).number());
        assertThat(readings).hasValue(2);
    }

    @Test
    void aReadingThatFailsIsNotTheLast() {
        AtomicInteger readings = new AtomicInteger();
        published.add(() -> {
            if (readings.incrementAndGet() == 1) {
                throw new IllegalStateException("no database");
            }
            return List.of();
        });

        assertThat(published.read().toFuture()).failsWithin(LONG);
        assertThat(read().meters()).isEmpty();
    }
}
