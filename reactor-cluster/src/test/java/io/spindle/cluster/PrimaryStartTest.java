// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a start leaves that is cancelled: nothing. The check of leaks counts threads, workers, sockets and directories. */
@ExtendWith(LeakCheck.class)
class PrimaryStartTest {

    private static final PrimarySpec SPEC =
            PrimarySpec.create().workers(1).main(App.class, "serve", "0").jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1");

    /** Up to where it takes to start, in steps. */
    private static final Duration STEP = Duration.ofNanos(250_000);

    private static final int ROUNDS = 60;

    @Test
    void cancelAtAnyMomentLeavesNothing() {
        for (int i = 0; i < ROUNDS; i++) {
            AtomicReference<Primary> started = new AtomicReference<>();
            Disposable start = SPEC.start().doOnNext(started::set).subscribe();
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
                Disposable start = SPEC.start().doOnNext(started::set).subscribe();
                loop.setTimeout(pause, start::dispose);
            });
            endOf(started);
        }
    }

    /** It ends by itself, or has been faster than the cancel. */
    private static void endOf(AtomicReference<Primary> started) {
        Spin.until(() -> started.get() != null || !isThereALoop());
        Primary primary = started.get();
        if (primary != null) {
            primary.dispose();
            primary.exit().onErrorComplete().block(Probe.PATIENCE);
        }
        Spin.until(() -> !isThereALoop());
    }

    private static boolean isThereALoop() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("spindle-primary"));
    }

    @Test
    void whoTakesItAndCancelsThenKeepsIt() {
        Primary primary = Objects.requireNonNull(
                Flux.concat(SPEC.start(), Mono.never()).next().block(Probe.PATIENCE));

        assertThat(primary.isDisposed()).isFalse();
        primary.disposeGracefully().block(Probe.PATIENCE);
        assertThat(primary.exit().block(Probe.PATIENCE)).isZero();
    }
}
