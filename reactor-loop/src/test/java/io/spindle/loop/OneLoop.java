// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** What the tests of a loop from outside share: a loop for each test, for each way to wait. */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
abstract class OneLoop {

    static final Duration LIMIT = Duration.ofSeconds(20);

    @Parameter
    @SuppressWarnings("NullAway.Init")
    Transport transport;

    EventLoop loop = EventLoop.shared();

    @BeforeEach
    void startLoop() {
        loop = transport.start(spec("test"));
    }

    EventLoopSpec spec(String name) {
        return transport.spec(name);
    }

    @AfterEach
    void endLoop() {
        end(loop);
    }

    static void end(EventLoop ending) {
        ending.dispose();
        ending.onDispose().block(LIMIT);
    }

    static void await(CountDownLatch latch) throws InterruptedException {
        assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    /** Keeps the loop busy until the returned latch opens, without a blocking call. */
    CountDownLatch hold() throws InterruptedException {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        loop.schedule(() -> {
            held.countDown();
            Spin.until(release);
        });
        await(held);
        return release;
    }

    /** Everything that was posted before has run when this returns. */
    void settle() {
        onLoop(() -> {});
    }

    /** A poll lies between this call and its return: an immediate comes after it. */
    void aTurn() {
        Mono.<Void>create(sink -> loop.setImmediate(sink::success))
                .subscribeOn(loop)
                .block(LIMIT);
    }

    /** Runs it on the loop, and returns when it has run. */
    void onLoop(Runnable task) {
        Mono.fromRunnable(task).subscribeOn(loop).block(LIMIT);
    }
}
