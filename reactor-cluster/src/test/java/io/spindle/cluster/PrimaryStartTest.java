// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a start leaves that is cancelled: nothing. The check of leaks counts threads, workers, sockets and directories. */
@ExtendWith(LeakCheck.class)
class PrimaryStartTest {

    @TempDir
    private static Path directory;

    /** All of them claim the same place: one that were left would be in the way of the next. */
    private static PrimarySpec spec() {
        return PrimarySpec.create()
                .workers(1)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .controlSocket(directory.resolve("admin").resolve("control"));
    }

    /** Up to where it takes to start, in steps. */
    private static final Duration STEP = Duration.ofNanos(250_000);

    private static final int ROUNDS = 60;

    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    @AfterEach
    void nothingHasFailed() {
        assertThat(failures).isEmpty();
    }

    @Test
    void cancelAtAnyMomentLeavesNothing() {
        for (int i = 0; i < ROUNDS; i++) {
            AtomicReference<Primary> started = new AtomicReference<>();
            Disposable start = spec().start().doOnNext(started::set).subscribe(null, failures::add);
            Spin.during(STEP.multipliedBy(i));
            start.dispose();
            endOf(started);
        }
    }

    @Test
    void cancelOfTheLoopThatAskedLeavesNothing() {
        for (int i = 0; i < ROUNDS; i++) {
            Duration pause = STEP.multipliedBy(i);
            AtomicReference<Primary> started = new AtomicReference<>();
            EventLoop.run(loop -> {
                Disposable start = spec().start().doOnNext(started::set).subscribe(null, failures::add);
                loop.setTimeout(pause, start::dispose);
            });
            endOf(started);
        }
    }

    /** It ends by itself, or has been faster than the cancel. */
    private static void endOf(AtomicReference<Primary> started) {
        await(() -> started.get() != null || !isThereALoop());
        Primary primary = started.get();
        if (primary != null) {
            primary.dispose();
            primary.exit().onErrorComplete().block(Probe.PATIENCE);
        }
        await(() -> !isThereALoop());
    }

    /** Leaves the processors to the loop. */
    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Probe.PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as("waited too long").isNegative();
            LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
        }
    }

    private static boolean isThereALoop() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("spindle-primary"));
    }

    @Test
    void whoTakesItAndCancelsThenKeepsIt() {
        Primary primary = Objects.requireNonNull(
                Flux.concat(spec().start(), Mono.never()).next().block(Probe.PATIENCE));

        assertThat(primary.isDisposed()).isFalse();
        primary.disposeGracefully().block(Probe.PATIENCE);
        assertThat(primary.exit().block(Probe.PATIENCE)).isZero();
    }
}
