// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
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
            Disposable start = SPEC.start().subscribe(started::set);
            Spin.during(STEP.multipliedBy(i));
            start.dispose();
            endOfWhatWasFaster(started.get());
        }
    }

    @Test
    void cancelOfTheLoopThatAskedLeavesNothing() {
        for (int i = 0; i < ROUNDS; i++) {
            Duration pause = STEP.multipliedBy(i);
            AtomicReference<Primary> started = new AtomicReference<>();
            EventLoop.run(loop -> {
                Disposable start = SPEC.start().subscribe(started::set);
                loop.setTimeout(pause, start::dispose);
            });
            endOfWhatWasFaster(started.get());
        }
    }

    private static void endOfWhatWasFaster(@Nullable Primary primary) {
        if (primary != null) {
            primary.dispose();
            primary.exit().onErrorComplete().block(Probe.PATIENCE);
        }
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
