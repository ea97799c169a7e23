// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.spindle.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Who holds a loop is told of, while it still runs. */
@ExtendWith(LeakCheck.class)
class LoopWatchdogTest {

    @Test
    void aLateLookStartsAnewUnlessItHasBeenReported() {
        List<String> reports = new ArrayList<>();
        long threshold = Duration.ofMillis(100).toNanos(); // the default
        long interval = Duration.ofMillis(30).toNanos();
        DefaultEventLoop loop = new DefaultEventLoop(
                EventLoopSpec.of("looked-at")
                        .blockedInterval(Duration.ofMillis(30))
                        .onBlocked(
                                report -> reports.add((report.state() == BlockedLoop.State.ENDED ? "ended " : "held ")
                                        + report.held().toMillis())),
                false); // it has no thread yet, so it stays in its first callback
        LoopWatchdog.Watch watch = new LoopWatchdog.Watch(loop, Thread.currentThread());
        watch.look(0, false);
        watch.look(threshold - 1, false);
        watch.look(5 * threshold, true); // the whole machine stood still
        assertThat(reports).isEmpty();
        watch.look(6 * threshold - 1, false);
        assertThat(reports).isEmpty();
        watch.look(6 * threshold, false);
        assertThat(reports).containsExactly("held 100");
        watch.look(6 * threshold + interval - 1, false);
        assertThat(reports).containsExactly("held 100");
        watch.look(6 * threshold + interval + 1, true); // once it is told of, a late look goes on
        watch.look(6 * threshold + 2 * interval - 1, false);
        watch.look(6 * threshold + 2 * interval, false); // in step, though the look before was late
        watch.look(6 * threshold + 9 * interval, false); // what was missed is not made up for
        watch.look(6 * threshold + 10 * interval - 1, false);
        watch.look(6 * threshold + 10 * interval, false);
        loop.nettyLoop().counters().callback();
        watch.look(6 * threshold + 11 * interval, false);
        watch.look(6 * threshold + 11 * interval + 1, false);

        assertThat(reports).containsExactly("held 100", "held 130", "held 160", "held 370", "held 400", "ended 430");
        loop.launch();
        OneLoop.end(loop);
    }

    @Test
    void theLogWarnsOfWhatIsToBlameAndNotOfAColdStart() {
        Logger logger = (Logger) LoggerFactory.getLogger(EventLoop.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        AtomicLong uptime = new AtomicLong(9_999);
        BlockedLoopLog log = new BlockedLoopLog(uptime::get);
        try {
            log.accept(report(BlockedLoop.State.COMPUTING, 999));
            log.accept(report(BlockedLoop.State.LOADING, 5_000));
            log.accept(report(BlockedLoop.State.ENDED, 6_000));
            assertThat(lines.list)
                    .filteredOn(each -> each.getLevel() == Level.WARN)
                    .isEmpty();
            log.accept(report(BlockedLoop.State.COMPUTING, 1_000));
            log.accept(report(BlockedLoop.State.ENDED, 1_001));
            log.accept(report(BlockedLoop.State.BLOCKED, 100));
            log.accept(report(BlockedLoop.State.ENDED, 101));
            uptime.set(10_000);
            log.accept(report(BlockedLoop.State.COMPUTING, 100));
        } finally {
            logger.detachAppender(lines);
        }

        assertThat(lines.list).filteredOn(each -> each.getLevel() == Level.WARN).hasSize(5);
    }

    private static BlockedLoop report(BlockedLoop.State state, long millis) {
        return new BlockedLoop("loop", state, Duration.ofMillis(millis), List.of());
    }

    @Test
    void anIntervalIsPositiveAndASecondIfNotSet() {
        EventLoopSpec spec = EventLoopSpec.of("spec");

        assertThat(spec.blockedInterval()).isEqualTo(Duration.ofSeconds(1));
        for (Duration wrong : List.of(Duration.ZERO, Duration.ofMillis(-1))) {
            assertThatThrownBy(() -> spec.blockedInterval(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("interval must be positive, was " + wrong);
        }
    }

    @Test
    void anEndOfTheLoopEndsWhatWasReportedToo() throws InterruptedException {
        BlockingQueue<BlockedLoop> reports = new LinkedBlockingQueue<>();
        AtomicInteger made = new AtomicInteger();

        EventLoopSpec.of("last")
                .blockedThreshold(Duration.ofMillis(20))
                .onBlocked(report -> {
                    reports.add(report);
                    if (isOfSpinning(report)) {
                        made.incrementAndGet();
                    }
                })
                .run(loop -> {
                    spinUntil(made, 1);
                    loop.exit(0);
                });

        BlockedLoop last = reports.poll(20, TimeUnit.SECONDS);
        while (last != null && (made.get() == 0 || !reports.isEmpty() || last.state() != BlockedLoop.State.ENDED)) {
            last = reports.poll(20, TimeUnit.SECONDS);
        }
        assertThat(last).isNotNull();
    }

    @Test
    void anIoCallbackThatHoldsTheLoopIsToldOfWithItsStackAndCounted() throws Exception {
        BlockingQueue<BlockedLoop> reports = new LinkedBlockingQueue<>();
        AtomicInteger made = new AtomicInteger();
        EventLoop loop = EventLoopSpec.of("io")
                .blockedThreshold(Duration.ofMillis(40))
                .onBlocked(report -> {
                    if (isOfSpinning(report)) {
                        reports.add(report);
                        made.incrementAndGet();
                    }
                })
                .start();
        CountDownLatch after = new CountDownLatch(1);
        ReadableEnd end = ReadableEnd.register(loop.netty(), () -> {
            loop.setTimeout(Duration.ofMillis(1), after::countDown);
            spinUntil(made, 1);
        });
        end.makeReadable();

        BlockedLoop report = reports.poll(20, TimeUnit.SECONDS);
        assertThat(report).isNotNull();
        assertThat(report.stack()).anyMatch(frame -> frame.getClassName().startsWith(ReadableEnd.class.getName()));
        assertThat(after.await(20, TimeUnit.SECONDS)).isTrue();
        Mono.<Void>create(sink -> loop.setImmediate(sink::success))
                .block(OneLoop.LIMIT); // a turn is counted when it is over
        assertThat(loop.metrics().delay().max()).isGreaterThanOrEqualTo(Duration.ofMillis(40));
        end.release();
        OneLoop.end(loop);
    }

    @Test
    void theWatchdogReportsWhatHoldsTheLoopWhileItRunsAndOnceWhenItIsOver() throws InterruptedException {
        BlockingQueue<BlockedLoop> reports = new LinkedBlockingQueue<>();
        AtomicInteger made = new AtomicInteger();
        EventLoop loop = EventLoopSpec.of("held")
                .blockedThreshold(Duration.ofMillis(40))
                .blockedInterval(Duration.ofMillis(60))
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
                        .as("once in each interval, in step: after a late one the next may come soon")
                        .isGreaterThan(last.held());
            }
            last = next;
        }

        assertThat(last.stack()).isEmpty();
        OneLoop.end(loop);
    }

    private static boolean isOfSpinning(BlockedLoop report) {
        return report.stack().stream().anyMatch(frame -> frame.getMethodName().equals("spinUntil"));
    }

    /** Computes until so many reports are there: how soon they come is the machine's affair. Loop only. */
    private static void spinUntil(AtomicInteger made, int number) {
        long end = System.nanoTime() + OneLoop.LIMIT.toNanos();
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
        OneLoop.end(loop);
    }

    @Test
    void aThreadThatLosesItsProcessorInACallThatNeverWaitsIsNotSaidToWait() {
        Thread.State runnable = Thread.State.RUNNABLE;

        assertThat(LoopWatchdog.state(
                        false, runnable, nativeFrame("io.netty.channel.unix.Socket", "sendAddress"), true))
                .isEqualTo(BlockedLoop.State.STARVED);
        assertThat(LoopWatchdog.state(
                        false, runnable, nativeFrame("io.netty.channel.epoll.LinuxSocket", "sendFile"), true))
                .as("which reads from the disk")
                .isEqualTo(BlockedLoop.State.BLOCKED);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("java.lang.Thread", "currentThread"), true))
                .isEqualTo(BlockedLoop.State.STARVED);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("jdk.internal.misc.Unsafe", "unpark"), true))
                .isEqualTo(BlockedLoop.State.STARVED);
        List<StackTraceElement> written = new ArrayList<>(nativeFrame("sun.nio.ch.FileDispatcherImpl", "write0"));
        assertThat(LoopWatchdog.state(false, runnable, written, true)).isEqualTo(BlockedLoop.State.BLOCKED);
        written.addAll(nativeFrame("sun.nio.ch.SocketDispatcher", "write"));
        assertThat(LoopWatchdog.state(false, runnable, written, true)).isEqualTo(BlockedLoop.State.STARVED);
        assertThat(LoopWatchdog.state(
                        false, runnable, nativeFrame("java.lang.Class", "getDeclaredConstructors0"), true))
                .isEqualTo(BlockedLoop.State.LOADING);
        assertThat(LoopWatchdog.state(
                        false, runnable, nativeFrame("java.lang.Class", "getDeclaredConstructors0"), false))
                .as("when it has taken too long for that")
                .isNotEqualTo(BlockedLoop.State.LOADING);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("java.lang.ProcessImpl", "forkAndExec"), true))
                .isEqualTo(BlockedLoop.State.BLOCKED);
        assertThat(LoopWatchdog.state(false, runnable, nativeFrame("java.io.FileInputStream", "readBytes"), true))
                .isEqualTo(BlockedLoop.State.BLOCKED);
        assertThat(LoopWatchdog.state(true, runnable, nativeFrame("java.util.zip.Deflater", "deflateBytesBytes"), true))
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
                        if (isOfSpinning(report)) { // its start-up may be slow too
                            reports.add(report);
                            made.incrementAndGet();
                        }
                    })
                    .start();
            loop.schedule(() -> spinUntil(made, 1));
            assertThat(reports.poll(20, TimeUnit.SECONDS)).isNotNull();
            recording.dump(file);
            OneLoop.end(loop);
        }

        assertThat(RecordingFile.readAllEvents(file)).anySatisfy(event -> {
            assertThat(event.getString("loop")).isEqualTo("recorded");
            assertThat(event.getString("state")).isIn("COMPUTING", "STARVED", "LOADING");
            assertThat(event.getDuration("held")).isGreaterThanOrEqualTo(Duration.ofMillis(30));
            assertThat(event.getString("stack")).contains("spinUntil");
        });
    }
}
