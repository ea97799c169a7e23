// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

@ExtendWith(LeakCheck.class)
class LoopObservabilityTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static void end(EventLoop loop) {
        loop.dispose();
        loop.onDispose().block(LIMIT);
    }

    @Test
    @DisplayName("HT-56: a snapshot since itself is zero, and a busy time is active time to the nanosecond")
    void differencesOfUtilization() throws InterruptedException {
        EventLoop loop = EventLoop.create("differences");
        CountDownLatch taken = new CountDownLatch(1);
        List<LoopMetrics> snapshots = new CopyOnWriteArrayList<>();
        loop.schedule(() -> {
            snapshots.add(loop.metrics());
            Spin.during(Duration.ofMillis(50));
            snapshots.add(loop.metrics());
            taken.countDown();
        });
        assertThat(taken.await(20, TimeUnit.SECONDS)).isTrue();
        LoopMetrics first = snapshots.get(0);
        LoopMetrics second = snapshots.get(1);
        LoopMetrics busy = second.since(first);
        LoopMetrics nothing = first.since(first);

        assertThat(nothing.active()).isZero();
        assertThat(nothing.idle()).isZero();
        assertThat(nothing.utilization()).isZero();
        assertThat(busy.idle()).isZero();
        assertThat(busy.utilization()).isEqualTo(1);
        assertThat(busy.active()).isGreaterThanOrEqualTo(Duration.ofMillis(50));
        assertThat(first.active().plus(busy.active())).isEqualTo(second.active());
        end(loop);
    }

    @Test
    void utilizationTellsBusyFromIdle() {
        EventLoop loop = EventLoop.create("utilization");
        Mono.delay(Duration.ofMillis(200), loop).block(LIMIT);
        LoopMetrics idle = loop.metrics();
        Mono.fromRunnable(() -> Spin.during(Duration.ofMillis(200)))
                .subscribeOn(loop)
                .block(LIMIT);
        LoopMetrics busy = loop.metrics().since(idle);

        assertThat(idle.utilization()).isLessThan(0.5);
        assertThat(busy.active()).isGreaterThanOrEqualTo(Duration.ofMillis(199));
        assertThat(busy.utilization()).isGreaterThan(idle.utilization());
        assertThat(busy.callbacks()).isPositive();
        end(loop);
    }

    @Test
    void theHistogramKnowsTheStallsAndAnIdleLoopStaysIdle() throws InterruptedException {
        EventLoop loop =
                EventLoopSpec.of("stalls").blockedThreshold(Duration.ZERO).start();
        CountDownLatch done = new CountDownLatch(1);
        stall(loop, 5, done);
        assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        DurationHistogram delay = loop.metrics().delay();
        long turns = loop.metrics().turns();
        Mono.delay(Duration.ofMillis(150)).block(LIMIT);

        assertThat(delay.max()).isGreaterThanOrEqualTo(Duration.ofMillis(40));
        assertThat(delay.exceeding(Duration.ofMillis(35))).isGreaterThanOrEqualTo(5);
        assertThat(delay.percentile(100)).isEqualTo(delay.max());
        assertThat(loop.metrics().turns() - turns).isLessThanOrEqualTo(2);
        end(loop);
    }

    /** An immediate queued by an immediate has a turn of its own. */
    private static void stall(EventLoop loop, int times, CountDownLatch done) {
        loop.setImmediate(() -> {
            if (times == 0) {
                done.countDown();
                return;
            }
            Spin.during(Duration.ofMillis(40));
            stall(loop, times - 1, done);
        });
    }

    @Test
    void percentilesAreWithinTheWidthOfABucket() {
        TurnTimes times = new TurnTimes();
        for (int i = 1; i <= 10_000; i++) {
            times.record(i * 1_000L);
        }
        DurationHistogram histogram = times.snapshot();

        assertThat(histogram.count()).isEqualTo(10_000);
        for (double percent : new double[] {1, 50, 90, 99, 99.9}) {
            double expected = percent / 100 * 10_000_000;
            assertThat((double) histogram.percentile(percent).toNanos()).isBetween(expected * 0.999, expected * 1.07);
        }
        assertThat(histogram.total()).isEqualTo(Duration.ofMillis(50_005));
        assertThat(histogram.mean()).isEqualTo(Duration.ofNanos(5_000_500));
    }

    @Test
    void bucketsHoldWhatTheyShould() {
        for (long nanos = 0; nanos < Long.MAX_VALUE / 10; nanos += nanos / 4 + 1) {
            int index = DurationRecorder.index(nanos);
            assertThat(DurationRecorder.highest(index)).isBetween(nanos, nanos + nanos / 16);
            if (index > 0) {
                assertThat(DurationRecorder.highest(index - 1)).isLessThan(nanos);
            }
        }
        assertThat(DurationRecorder.highest(DurationRecorder.index(Long.MAX_VALUE)))
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void manyThreadsRecordAtOnceAndNothingIsLost() throws InterruptedException {
        DurationRecorder recorder = new DurationRecorder();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> LongStream.rangeClosed(1, 10_000).forEach(recorder::record));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(recorder.snapshot().count()).isEqualTo(40_000);
        assertThat(recorder.totalNanos()).isEqualTo(4 * 50_005_000L);
        assertThat(recorder.snapshot().max()).isEqualTo(Duration.ofNanos(10_000));
        assertThat(recorder.snapshot().percentile(50)).isBetween(Duration.ofNanos(5_000), Duration.ofNanos(5_400));
    }

    @Test
    void queuesAndResourcesAreCounted() throws InterruptedException {
        EventLoop loop = EventLoop.create("queues");
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch gate = new CountDownLatch(1);
        loop.schedule(() -> {
            loop.setTimeout(Duration.ofHours(1), () -> {});
            loop.setImmediate(() -> {});
            loop.open("Job");
            held.countDown();
            Spin.until(gate);
        });
        assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
        loop.schedule(() -> {});
        loop.schedule(() -> {});

        LoopMetrics metrics = loop.metrics();
        gate.countDown();

        assertThat(metrics.queuedTasks()).isEqualTo(2);
        assertThat(metrics.queuedImmediates()).isEqualTo(1);
        assertThat(metrics.timers()).isEqualTo(1);
        assertThat(metrics.resources()).containsExactlyInAnyOrder("Job", "Timeout", "Immediate");
        end(loop);
    }

    @Test
    void theSlowestCallbacksAreKeptWhenTimingIsOn() {
        EventLoop loop = EventLoopSpec.of("slow").callbackTiming(true).start();
        Mono.fromRunnable(() -> Spin.during(Duration.ofMillis(30)))
                .subscribeOn(loop)
                .block(LIMIT);
        Mono.fromRunnable(() -> {}).subscribeOn(loop).block(LIMIT);

        assertThat(loop.metrics().slowest().get(0).duration()).isGreaterThanOrEqualTo(Duration.ofMillis(30));
        end(loop);
    }

    @Test
    void theWatchdogReportsWhatHoldsTheLoopWhileItRunsAndOnceWhenItIsOver() throws InterruptedException {
        BlockingQueue<BlockedLoop> reports = new LinkedBlockingQueue<>();
        AtomicInteger made = new AtomicInteger();
        EventLoop loop = EventLoopSpec.of("held")
                .blockedThreshold(Duration.ofMillis(40))
                .onBlocked(report -> {
                    if (isOfSpinning(report) || made.get() > 0) { // its start-up may be slow too
                        reports.add(report);
                        made.incrementAndGet();
                    }
                })
                .start();
        loop.schedule(() -> spinUntil(made, 3));

        BlockedLoop first = reports.poll(20, TimeUnit.SECONDS);
        assertThat(first).isNotNull();
        assertThat(first.loop()).isEqualTo("held");
        assertThat(first.held()).isGreaterThanOrEqualTo(Duration.ofMillis(40));
        assertThat(first.toString()).contains("loop held has been held by one callback");
        BlockedLoop last = first;
        while (last.state() != BlockedLoop.State.ENDED) {
            BlockedLoop next = reports.poll(20, TimeUnit.SECONDS);
            assertThat(next).isNotNull();
            if (next.state() != BlockedLoop.State.ENDED) {
                assertThat(next.held())
                        .as("doubling keeps them few")
                        .isGreaterThanOrEqualTo(last.held().multipliedBy(2));
            }
            last = next;
        }

        assertThat(last.stack()).isEmpty();
        end(loop);
    }

    private static boolean isOfSpinning(BlockedLoop report) {
        return report.stack().stream().anyMatch(frame -> frame.getMethodName().equals("spinUntil"));
    }

    /** Computes until so many reports are there: how soon they come is the machine's affair. Loop only. */
    private static void spinUntil(AtomicInteger made, int number) {
        long end = System.nanoTime() + LIMIT.toNanos();
        long seen = 0;
        while (seen < number && System.nanoTime() - end < 0) {
            seen = made.get();
        }
    }

    @Test
    void aWaitingCallbackIsToldFromAComputingOne() throws InterruptedException {
        BlockingQueue<BlockedLoop> reports = new LinkedBlockingQueue<>();
        EventLoop loop = EventLoopSpec.of("waits")
                .blockedThreshold(Duration.ofMillis(60))
                .onBlocked(reports::add)
                .start();
        CountDownLatch gate = new CountDownLatch(1);
        loop.schedule(() -> waitOnTheLoop(gate));

        BlockedLoop report = reports.poll(20, TimeUnit.SECONDS);
        // On a loaded machine it may be seen first on its way into the wait.
        while (report != null && report.state() != BlockedLoop.State.BLOCKED) {
            assertThat(report.state()).isIn(BlockedLoop.State.STARVED, BlockedLoop.State.LOADING);
            report = reports.poll(20, TimeUnit.SECONDS);
        }
        gate.countDown();

        assertThat(report).isNotNull();
        end(loop);
    }

    @Test
    void aThreadThatLosesItsProcessorInACallThatNeverWaitsIsNotSaidToWait() {
        Thread.State runnable = Thread.State.RUNNABLE;

        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("io.netty.channel.unix.Socket", "sendAddress")))
                .isEqualTo(BlockedLoop.State.STARVED);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("io.netty.channel.epoll.LinuxSocket", "sendFile")))
                .as("which reads from the disk")
                .isEqualTo(BlockedLoop.State.BLOCKED);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("java.lang.Thread", "currentThread")))
                .isEqualTo(BlockedLoop.State.STARVED);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("jdk.internal.misc.Unsafe", "unpark")))
                .isEqualTo(BlockedLoop.State.STARVED);
        List<StackTraceElement> written = new ArrayList<>(nativeFrame("sun.nio.ch.FileDispatcherImpl", "write0"));
        assertThat(LoopWatchdog.state(false, runnable, written)).isEqualTo(BlockedLoop.State.BLOCKED);
        written.addAll(nativeFrame("sun.nio.ch.SocketDispatcher", "write"));
        assertThat(LoopWatchdog.state(false, runnable, written)).isEqualTo(BlockedLoop.State.STARVED);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("java.lang.Class", "getDeclaredConstructors0")))
                .isEqualTo(BlockedLoop.State.LOADING);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("java.lang.ProcessImpl", "forkAndExec")))
                .isEqualTo(BlockedLoop.State.BLOCKED);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("java.io.FileInputStream", "readBytes")))
                .isEqualTo(BlockedLoop.State.BLOCKED);
        assertThat(LoopWatchdog.state(true, runnable, nativeFrame("java.util.zip.Deflater", "deflateBytesBytes")))
                .isEqualTo(BlockedLoop.State.COMPUTING);
    }

    private static List<StackTraceElement> nativeFrame(String type, String method) {
        int nativeMethod = -2; // as StackTraceElement says it
        return List.of(new StackTraceElement(type, method, null, nativeMethod));
    }

    /** What a user must not do; BlockHound lets this one method pass. */
    static void waitOnTheLoop(CountDownLatch gate) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aReportIsAFlightRecorderEvent(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("loop.jfr");
        BlockingQueue<BlockedLoop> reports = new LinkedBlockingQueue<>();
        AtomicInteger made = new AtomicInteger();
        try (Recording recording = new Recording()) {
            recording.enable("io.spindle.LoopBlocked");
            recording.start();
            EventLoop loop = EventLoopSpec.of("recorded")
                    .blockedThreshold(Duration.ofMillis(30))
                    .onBlocked(report -> {
                        reports.add(report);
                        made.incrementAndGet();
                    })
                    .start();
            loop.schedule(() -> spinUntil(made, 1));
            assertThat(reports.poll(20, TimeUnit.SECONDS)).isNotNull();
            recording.dump(file);
            end(loop);
        }

        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(Files.size(file)).isPositive();
        assertThat(events)
                .anySatisfy(event -> assertThat(event.getString("loop")).isEqualTo("recorded"));
    }

    @Test
    void micrometerReadsTheLoop() {
        EventLoop loop = EventLoop.create("meters");
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        LoopMeters.of(loop).bindTo(registry);
        Mono.fromRunnable(() -> {}).subscribeOn(loop).block(LIMIT);

        assertThat(registry.get("spindle.loop.callbacks")
                        .tag("loop", "meters")
                        .functionCounter()
                        .count())
                .isPositive();
        assertThat(registry.get("spindle.loop.utilization").gauge().value()).isBetween(0.0, 1.0);
        assertThat(registry.get("spindle.loop.delay").timeGauges())
                .extracting(each -> each.getId().getTag("quantile"))
                .containsExactlyInAnyOrder("0.5", "0.99", "0.999", "1");
        for (String seconds : List.of("active", "idle")) {
            assertThat(registry.get("spindle.loop." + seconds)
                            .functionCounter()
                            .getId()
                            .getBaseUnit())
                    .isEqualTo("seconds");
        }
        assertThat(registry.get("spindle.loop.active").functionCounter().count())
                .isBetween(1e-9, loop.metrics().active().toNanos() / 1e9);
        assertThat(registry.get("spindle.loop.idle").functionCounter().count()).isNotNegative();
        registry.close();
        end(loop);
    }
}
