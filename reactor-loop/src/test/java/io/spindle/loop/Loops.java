// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;

/** What tests do with a loop from outside. */
final class Loops {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Loops() {}

    /** Keeps the loop busy until the returned latch opens, without a blocking call. */
    static CountDownLatch hold(EventLoop loop) throws InterruptedException {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        loop.schedule(() -> {
            held.countDown();
            Spin.until(release);
        });
        assertThat(held.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return release;
    }

    /** Everything that was posted before has run when this returns. */
    static void settle(EventLoop loop) {
        Mono.fromRunnable(() -> {}).subscribeOn(loop).block(LIMIT);
    }

    static void end(EventLoop loop) {
        loop.dispose();
        loop.onDispose().block(LIMIT);
    }
}
