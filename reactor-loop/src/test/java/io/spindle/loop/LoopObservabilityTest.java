// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

@ExtendWith(LeakCheck.class)
class LoopObservabilityTest {

    @Test
    @DisplayName("HT-56: a snapshot since itself is zero, and a busy time is active time to the nanosecond")
    void differencesOfUtilization() throws InterruptedException {
        EventLoop loop = EventLoop.create("differences");
        Mono.delay(Duration.ofMillis(20), loop).block(OneLoop.LIMIT); // it has slept before
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
        OneLoop.end(loop);
    }

    @Test
    void utilizationTellsBusyFromIdle() {
        EventLoop loop = EventLoop.create("utilization");
        LoopMetrics idle = idle(loop);
        LoopMetrics before = loop.metrics();
        Mono.fromRunnable(() -> Spin.during(Duration.ofMillis(200)))
                .subscribeOn(loop)
                .block(OneLoop.LIMIT);
        LoopMetrics busy = loop.metrics().since(before);

        assertThat(busy.active()).isGreaterThanOrEqualTo(Duration.ofMillis(199));
        assertThat(busy.utilization()).isGreaterThan(idle.utilization());
        assertThat(busy.callbacks()).isPositive();
        OneLoop.end(loop);
    }

    /** A period in which the loop slept most of the time; on a loaded machine not the first one may be. */
    private static LoopMetrics idle(EventLoop loop) {
        long begun = System.nanoTime();
        LoopMetrics before = loop.metrics();
        while (true) {
            Mono.delay(Duration.ofMillis(200), loop).block(OneLoop.LIMIT);
            LoopMetrics idle = loop.metrics().since(before);
            if (idle.utilization() < 0.5) {
                return idle;
            }
            assertThat(System.nanoTime() - begun).as("%s", idle).isLessThan(OneLoop.LIMIT.toNanos());
            before = loop.metrics();
        }
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
        Mono.delay(Duration.ofMillis(150)).block(OneLoop.LIMIT);

        assertThat(delay.max()).isGreaterThanOrEqualTo(Duration.ofMillis(40));
        assertThat(delay.exceeding(Duration.ofMillis(35))).isGreaterThanOrEqualTo(5);
        assertThat(delay.percentile(100)).isEqualTo(delay.max());
        assertThat(loop.metrics().turns() - turns).isLessThanOrEqualTo(2);
        OneLoop.end(loop);
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
            for (int i = 0; i < 3; i++) {
                loop.nextTick(() -> {});
            }
            loop.queueMicrotask(() -> {});
            loop.queueMicrotask(() -> {});
            loop.open("Job");
            loop.adopt(Mono.never()).subscribe();
            loop.adopt(Mono.never().name("load users").hide()).subscribe();
            loop.adopt(Mono.never()).subscribe().dispose();
            held.countDown();
            Spin.until(gate);
        });
        assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
        loop.schedule(() -> {});
        loop.schedule(() -> {});

        LoopMetrics metrics = loop.metrics();
        gate.countDown();

        assertThat(metrics.queuedTasks()).isEqualTo(2);
        assertThat(metrics.queuedTicks()).isEqualTo(3);
        assertThat(metrics.queuedMicrotasks()).isEqualTo(2);
        assertThat(metrics.queuedImmediates()).isEqualTo(1);
        assertThat(metrics.timers()).isEqualTo(1);
        assertThat(metrics.resources())
                .containsExactlyInAnyOrder("Job", "Timeout", "Immediate", "Publisher", "load users");
        OneLoop.end(loop);
    }

    @Test
    void theSlowestCallbacksAreKeptByTheirOwnNamesWhenTimingIsOn() throws Exception {
        EventLoop loop = EventLoopSpec.of("slow").callbackTiming(true).start();
        CountDownLatch ran = new CountDownLatch(5);
        loop.schedule(new Slow(40, ran));
        loop.setImmediate(new Slow(35, ran));
        loop.setTimeout(Duration.ofMillis(1), new Slow(30, ran));
        loop.schedule(new Slow(25, ran), 1, TimeUnit.MILLISECONDS);
        ReadableEnd end = ReadableEnd.register(loop.netty(), new Slow(20, ran));
        end.makeReadable();
        assertThat(ran.await(20, TimeUnit.SECONDS)).isTrue();
        Mono.fromRunnable(() -> {}).subscribeOn(loop).block(OneLoop.LIMIT);
        List<LoopMetrics.SlowCallback> slowest = loop.metrics().slowest();
        end.release();
        OneLoop.end(loop);

        assertThat(slowest)
                .filteredOn(each -> each.callback().equals(Slow.class.getName()))
                .extracting(LoopMetrics.SlowCallback::duration)
                .hasSize(4)
                .allMatch(duration -> duration.compareTo(Duration.ofMillis(25)) >= 0);
        assertThat(slowest).anySatisfy(each -> {
            assertThat(each.callback()).startsWith(ReadableEnd.class.getName());
            assertThat(each.duration()).isGreaterThanOrEqualTo(Duration.ofMillis(20));
        });
        assertThat(slowest)
                .isSortedAccordingTo(
                        Comparator.comparing(LoopMetrics.SlowCallback::duration).reversed());
    }

    private record Slow(int millis, CountDownLatch ran) implements Runnable {

        @Override
        public void run() {
            Spin.during(Duration.ofMillis(millis));
            ran.countDown();
        }
    }

    @Test
    void timeAwakeAndAsleepIsTheTimeThatHasPassed() throws InterruptedException {
        long beforeStart = System.nanoTime();
        EventLoop loop = EventLoop.create("times");
        long afterStart = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
            CountDownLatch ran = new CountDownLatch(1);
            loop.schedule(ran::countDown); // wakes it, mostly
            while (ran.getCount() > 0) {
                assertCounted(loop, beforeStart, afterStart);
            }
            if (i % 20 == 0) {
                Mono.delay(Duration.ofMillis(3)).block(OneLoop.LIMIT); // so that it sleeps in earnest
            }
        }
        OneLoop.end(loop);

        LoopMetrics over = loop.metrics();
        Mono.delay(Duration.ofMillis(20)).block(OneLoop.LIMIT);
        assertThat(loop.metrics().active()).isEqualTo(over.active());
        assertThat(loop.metrics().idle()).isEqualTo(over.idle());
    }

    private static void assertCounted(EventLoop loop, long beforeStart, long afterStart) {
        long before = System.nanoTime();
        LoopMetrics metrics = loop.metrics();
        long after = System.nanoTime();
        long told = metrics.active().plus(metrics.idle()).toNanos();
        long tolerance = 10_000; // clocks of two processors; what a whole sleep too much would be is far more
        assertThat(told).isBetween(before - afterStart - tolerance, after - beforeStart + tolerance);
    }

    @Test
    void aLimitBeyondTheClockIsExceededByNothingAndANegativeOneByAll() {
        TurnTimes times = new TurnTimes();
        times.record(0);
        times.record(Long.MAX_VALUE);
        DurationHistogram histogram = times.snapshot();

        assertThat(histogram.exceeding(Duration.ofSeconds(Long.MAX_VALUE))).isEqualTo(1);
        assertThat(histogram.exceeding(Duration.ofNanos(-1))).isEqualTo(2);
        assertThat(histogram.exceeding(Duration.ZERO)).isEqualTo(1);
        assertThat(histogram.since(histogram).count()).isZero();
    }

    @Test
    void micrometerReadsTheLoop() {
        EventLoop loop = EventLoop.create("meters");
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        LoopMeters.of(loop).bindTo(registry);
        Mono.fromRunnable(() -> {}).subscribeOn(loop).block(OneLoop.LIMIT);

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
        OneLoop.end(loop);
    }

    @Test
    void theDelayMetersForgetWhatWasMoreThanTwoMinutesAgo() {
        EventLoop loop = EventLoop.create("recent");
        MockClock clock = new MockClock();
        SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
        LoopMeters.of(loop).bindTo(registry);
        TimeGauge longest =
                registry.get("spindle.loop.delay").tag("quantile", "1").timeGauge();
        Duration stall = Duration.ofMillis(400);
        loop.schedule(() -> Spin.during(stall));
        Mono.fromRunnable(() -> {})
                .delaySubscription(Duration.ofMillis(1), loop)
                .block(OneLoop.LIMIT);

        assertThat(longest.value(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(400);
        clock.add(Duration.ofMinutes(1)); // of this reading on
        assertThat(longest.value(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(400);
        clock.add(Duration.ofSeconds(59));
        assertThat(longest.value(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(400);
        clock.add(Duration.ofSeconds(1));
        assertThat(longest.value(TimeUnit.MILLISECONDS)).isLessThan(400);
        assertThat(loop.metrics().delay().max()).isGreaterThanOrEqualTo(stall);
        registry.close();
        OneLoop.end(loop);
    }

    @Test
    void aDifferenceHasALongestOfItsOwn() {
        DurationRecorder recorder = new DurationRecorder();
        recorder.record(1_000_000);
        DurationHistogram first = recorder.snapshot();
        recorder.record(1_000);

        assertThat(recorder.snapshot().since(first).max()).isBetween(Duration.ofNanos(1_000), Duration.ofNanos(1_062));
        assertThat(recorder.snapshot().max()).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void eachMeterShowsItsFigure() throws Exception {
        EventLoop loop = EventLoop.create("figures");
        ReadableEnd end = ReadableEnd.register(loop.netty(), () -> {});
        end.makeReadable();
        loop.setTimeout(Duration.ofHours(1), () -> {});
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        loop.setImmediate(() -> {
            loop.nextTick(() -> {});
            for (int i = 0; i < 2; i++) {
                loop.queueMicrotask(() -> {});
            }
            for (int i = 0; i < 3; i++) {
                loop.setImmediate(() -> {});
            }
            held.countDown();
            Spin.until(release);
        });
        OneLoop.await(held);
        loop.schedule(() -> {});
        loop.schedule(() -> {});
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        LoopMeters.of(loop).bindTo(registry);
        LoopMetrics metrics = loop.metrics();

        assertThat(List.of(
                        registry.get("spindle.loop.queued").gauge().value(),
                        registry.get("spindle.loop.ticks").gauge().value(),
                        registry.get("spindle.loop.microtasks").gauge().value(),
                        registry.get("spindle.loop.immediates").gauge().value(),
                        registry.get("spindle.loop.timers").gauge().value(),
                        registry.get("spindle.loop.channels").gauge().value()))
                .containsExactly(2.0, 1.0, 2.0, 3.0, 1.0, 1.0);
        assertThat(List.of(
                        registry.get("spindle.loop.turns").functionCounter().count(),
                        registry.get("spindle.loop.callbacks").functionCounter().count(),
                        registry.get("spindle.loop.events").functionCounter().count()))
                .allMatch(figure -> figure > 0)
                .containsExactly((double) metrics.turns(), (double) metrics.callbacks(), (double) metrics.events());
        release.countDown();
        registry.close();
        end.release();
        OneLoop.end(loop);
    }
}
