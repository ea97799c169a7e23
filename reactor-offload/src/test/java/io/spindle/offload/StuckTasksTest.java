// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.test.StepVerifier;

/** Tasks that ignore their interrupt are reported. */
@ExtendWith(LeakCheck.class)
class StuckTasksTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final Logger logger = (Logger) LoggerFactory.getLogger(BlockingPool.class);
    private final Reports reports = new Reports();
    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch started = new CountDownLatch(1);
    private final CompletableFuture<Boolean> go = new CompletableFuture<>();

    private static final class Reports extends AppenderBase<ILoggingEvent> {

        private final BlockingQueue<String> texts = new LinkedBlockingQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            texts.add(event.getFormattedMessage());
        }

        /** The next one of a pool: others may report again meanwhile. */
        String nextOf(String pool) throws InterruptedException {
            while (true) {
                String text = texts.poll(20, TimeUnit.SECONDS);
                if (text == null) {
                    throw new AssertionError("no report of [" + pool + "] came within 20 seconds");
                }
                if (text.startsWith("[" + pool + "]")) {
                    return text;
                }
            }
        }
    }

    @BeforeEach
    void listen() {
        reports.start();
        logger.addAppender(reports);
    }

    @AfterEach
    void stopListening() {
        release.countDown(); // whatever has failed: what is stuck is reported for ever
        go.complete(true);
        logger.detachAppender(reports);
    }

    private int ignoreInterrupts() {
        started.countDown();
        boolean released = false;
        while (!released) {
            try {
                released = release.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException ignored) {
                // what is tested
            }
        }
        return 1;
    }

    private static BlockingPool impatient(String name, int threads) {
        return BlockingPoolSpec.of(name)
                .threads(threads)
                .stuckAfter(Duration.ofMillis(50))
                .start();
    }

    private static boolean waits(CountDownLatch latch) throws InterruptedException {
        return latch.await(20, TimeUnit.SECONDS);
    }

    @Test
    void aTaskThatIgnoresItsTimeOutIsReportedWithItsStackAgainAndAgain() throws Exception {
        BlockingPool pool = impatient("stuck", 1);
        StepVerifier.create(pool.call(this::ignoreInterrupts, Duration.ofMillis(20)))
                .expectError(TimeoutException.class)
                .verify(LONG);

        for (int i = 0; i < 2; i++) {
            assertThat(reports.nextOf("stuck"))
                    .contains("a task was interrupted")
                    .contains("it keeps thread stuck-1:")
                    .contains("StuckTasksTest.ignoreInterrupts");
        }
        assertThat(pool.metrics().stuck()).isEqualTo(1);

        release.countDown();
        pool.disposeGracefully().block(LONG);
        assertThat(pool.metrics().stuck()).isZero();
    }

    @Test
    void aThreadThatIgnoresTheEndOfItsPoolIsReportedAgainAndAgain() throws Exception {
        BlockingPool pool = impatient("ended", 1);
        CompletableFuture<@Nullable Integer> result =
                pool.call(this::ignoreInterrupts).toFuture();
        assertThat(waits(started)).isTrue();

        pool.dispose();

        for (int i = 0; i < 2; i++) {
            assertThat(reports.nextOf("ended"))
                    .contains("was disposed")
                    .contains("thread ended-1 goes on:")
                    .contains("StuckTasksTest.ignoreInterrupts");
        }
        release.countDown();
        assertThat(result.get(20, TimeUnit.SECONDS)).isEqualTo(1);
        pool.onDispose().block(LONG);
    }

    @Test
    void aViewAndAWorkerPoolReportToo() throws Exception {
        BlockingPool pool = impatient("whole", 2);
        BlockingPool view = pool.view("part", 1);
        Disposable cancelled = view.call(this::ignoreInterrupts).subscribe();
        assertThat(waits(started)).isTrue();
        cancelled.dispose();
        assertThat(reports.nextOf("part")).contains("a task was interrupted");
        assertThat(view.metrics().stuck()).isEqualTo(1);
        release.countDown();
        pool.disposeGracefully().block(LONG);

        WorkerPool workers = WorkerPoolSpec.of("cpu")
                .threads(1, 1)
                .grace(Duration.ZERO)
                .stuckAfter(Duration.ofMillis(50))
                .start();
        CountDownLatch running = new CountDownLatch(1);
        Disposable task = workers.run(() -> {
                    running.countDown();
                    while (!go.isDone()) {
                        Thread.onSpinWait();
                    }
                    return 1;
                })
                .subscribe();
        assertThat(waits(running)).isTrue();
        task.dispose();
        assertThat(reports.nextOf("cpu")).contains("a task was interrupted");
        assertThat(workers.metrics().stuck()).isEqualTo(1);
        go.complete(true);
        workers.disposeGracefully().block(LONG);
    }

    @Test
    void whoHeedsTheInterruptIsNotReported() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("heeds")
                .threads(1)
                .stuckAfter(Duration.ofSeconds(5))
                .start();
        for (int i = 0; i < 200; i++) {
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch never = new CountDownLatch(1);
            Disposable call = pool.call(() -> {
                        begun.countDown();
                        return waits(never);
                    })
                    .subscribe(value -> {}, error -> {});
            assertThat(waits(begun)).isTrue();
            call.dispose();
        }
        pool.disposeGracefully().block(LONG);

        assertThat(pool.metrics().stuck()).isZero();
        assertThat(pool.metrics().completed()).isEqualTo(200);
        assertThat(reports.texts).isEmpty();
    }

    @Test
    void theIntervalMustBePositive() {
        BlockingPoolSpec spec = BlockingPoolSpec.of("x");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> spec.stuckAfter(Duration.ZERO))
                .withMessage("stuckAfter must be more than zero, was PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WorkerPoolSpec.of("x").stuckAfter(Duration.ofSeconds(-1)));
        assertThat(spec.stuckAfter()).isEqualTo(Duration.ofSeconds(10));
        assertThat(spec.stuckAfter(Duration.ofSeconds(1)).stuckAfter()).isEqualTo(Duration.ofSeconds(1));
    }
}
