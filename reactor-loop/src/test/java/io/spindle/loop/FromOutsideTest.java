// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ServerSocketChannel;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** The loop under other threads, interrupts, errors of its hooks, and at its end; on both transports. */
class FromOutsideTest extends OneLoop {

    @Test
    void whatAWorkerIsAskedToDoAfterAnExitFromOutsideIsRejectedAtOnce() throws InterruptedException {
        Scheduler.Worker worker = loop.createWorker();
        CountDownLatch release = hold();
        loop.exit(7);

        Stream.<ThrowingCallable>of(
                        () -> worker.schedule(() -> {}),
                        () -> worker.schedule(() -> {}, 1, TimeUnit.MILLISECONDS),
                        () -> worker.schedulePeriodically(() -> {}, 1, 1, TimeUnit.MILLISECONDS),
                        () -> loop.schedule(() -> {}),
                        () -> loop.setImmediate(() -> {}),
                        () -> loop.open("handle"))
                .forEach(call -> assertThatThrownBy(call).isInstanceOf(RejectedExecutionException.class));
        release.countDown();
        loop.onDispose().block(LIMIT);
    }

    @Test
    void aPortIsFreeOnceItsChannelIsClosed() throws Exception {
        Channel server = bind(0);
        int port = ((InetSocketAddress) server.localAddress()).getPort();

        for (int i = 0; i < 5; i++) {
            server.close().sync();
            server = bindWithinSomeTurns(port);
        }
        server.close().sync();
    }

    /** Netty deregisters a channel by a task of its own, some turns after its close future. */
    private Channel bindWithinSomeTurns(int port) throws Exception {
        for (int turn = 0; turn < 100; turn++) {
            aTurn();
            try {
                return bind(port);
            } catch (Exception e) {
                assertThat(e).isInstanceOf(BindException.class);
            }
        }
        throw new AssertionError("port " + port + " is still taken after 100 turns");
    }

    private Channel bind(int port) throws InterruptedException {
        return new ServerBootstrap()
                .group(loop.netty())
                .channelFactory(() -> loop.resources().onChannel(ServerSocketChannel.class, loop.netty()))
                .childHandler(new ChannelInboundHandlerAdapter())
                .bind("127.0.0.1", port)
                .sync()
                .channel();
    }

    @Test
    void disposingABusyLoopClosesItsChannels() throws Exception {
        for (int i = 0; i < 30; i++) {
            EventLoop busy = spec("outside").start();
            Channel server = new ServerBootstrap()
                    .group(busy.netty())
                    .channelFactory(() -> busy.resources().onChannel(ServerSocketChannel.class, busy.netty()))
                    .childHandler(new ChannelInboundHandlerAdapter())
                    .bind("127.0.0.1", 0)
                    .sync()
                    .channel();
            busy.schedule(() -> repost(busy));
            end(busy);

            assertThat(server.isOpen()).isFalse();
        }
    }

    private static void repost(EventLoop loop) {
        if (!loop.isDisposed()) {
            loop.schedule(() -> repost(loop));
        }
    }

    @Test
    void aRefusedRunOpensNothing() throws IOException {
        long before = descriptors();

        Mono.fromRunnable(() -> {
                    for (int i = 0; i < 50; i++) {
                        assertThatThrownBy(() -> spec("outside").run(inner -> {}))
                                .hasMessageContaining("must not block");
                    }
                })
                .subscribeOn(loop)
                .block(LIMIT);

        assertThat(descriptors()).isLessThan(before + 40);
    }

    private static long descriptors() throws IOException {
        Path open = Path.of("/proc/self/fd");
        if (!Files.isDirectory(open)) {
            return 0;
        }
        try (Stream<Path> entries = Files.list(open)) {
            return entries.count();
        }
    }

    @ParameterizedTest(name = "with a channel: {0}")
    @ValueSource(booleans = {false, true})
    void anInterruptThatACallbackLeavesBehindDoesNotKeepTheLoopAwake(boolean withChannel) throws InterruptedException {
        Channel channel = withChannel ? bind(0) : null;
        onLoop(() -> Thread.currentThread().interrupt());
        settle();
        long turns = loop.metrics().turns();
        Mono.delay(Duration.ofMillis(200)).block(LIMIT);

        assertThat(loop.metrics().turns() - turns).isLessThan(20);
        if (channel != null) {
            channel.close().sync();
        }
    }

    @Test
    void slowTasksDoNotKeepImmediatesWaitingForAWholeBatch() throws InterruptedException {
        CountDownLatch release = hold();
        AtomicInteger before = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(1);
        loop.schedule(() -> loop.setImmediate(done::countDown));
        for (int i = 0; i < 100; i++) {
            loop.schedule(() -> {
                if (done.getCount() > 0) {
                    before.incrementAndGet();
                }
                Spin.during(Duration.ofMillis(2));
            });
        }
        release.countDown();
        await(done);

        assertThat(before).hasValueLessThan(20);
    }

    @Test
    void aCallableThatIsAdoptedIsCalledWhereItIsSubscribedNotOnTheLoop() {
        Thread caller = Thread.currentThread();
        List<Boolean> onCaller = new CopyOnWriteArrayList<>();

        Boolean home = loop.adopt(Mono.fromCallable(
                        () -> onCaller.add(Thread.currentThread().equals(caller))))
                .map(added -> loop.inLoop())
                .block(LIMIT);

        assertThat(onCaller).containsExactly(true);
        assertThat(home).isTrue();
    }

    @Test
    void anUnreferencedTimerThatIsDueRunsBeforeTheLoopLooksWhetherItIsOver() {
        List<String> log = new ArrayList<>();

        spec("outside").run(program -> {
            program.setImmediate(() -> {
                log.add("immediate");
                program.setTimeout(Duration.ofMillis(1), () -> log.add("unref")).unref();
                Spin.during(Duration.ofMillis(20));
            });
        });

        assertThat(log).containsExactly("immediate", "unref");
    }

    @Test
    void aListenerOfTheWatchdogThatFailsDoesNotEndTheWatch() throws InterruptedException {
        BlockingQueue<BlockedLoop> reports = new LinkedBlockingQueue<>();
        EventLoop failing = spec("outside")
                .blockedThreshold(Duration.ofMillis(20))
                .onBlocked(report -> {
                    throw new AssertionError("from a listener, on purpose");
                })
                .start();
        EventLoop watched = spec("outside")
                .blockedThreshold(Duration.ofMillis(20))
                .onBlocked(reports::add)
                .start();
        CountDownLatch reported = new CountDownLatch(1);
        failing.schedule(() -> Spin.until(reported));
        watched.schedule(() -> Spin.until(reported));

        assertThat(reports.poll(20, TimeUnit.SECONDS)).isNotNull();
        assertThat(reports.poll(20, TimeUnit.SECONDS)).isNotNull();
        reported.countDown();
        failing.dispose();
        watched.dispose();
        Mono.when(failing.onDispose(), watched.onDispose()).block(LIMIT);
    }

    @Test
    void endingTheNettyLoopEndsTheLoop() throws Exception {
        EventLoop ended = spec("outside").start();
        ended.setTimeout(Duration.ofHours(1), () -> {});
        ended.setImmediate(() -> {}).unref();
        ended.open("handle");
        ended.netty().shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();

        ended.onDispose().block(LIMIT);
        assertThat(ended.isDisposed()).isTrue();
        assertThat(ended.metrics().timers()).isZero();
        assertThat(ended.metrics().queuedImmediates()).isZero();
        assertThat(ended.metrics().resources()).isEmpty();
    }

    @Test
    void whatIsPostedAtTheMomentOfTheEndIsTakenOrRejected() throws InterruptedException {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        for (int round = 0; round < 200; round++) {
            EventLoop ending = transport.start(spec("outside"));
            CountDownLatch started = new CountDownLatch(1);
            Thread poster = new Thread(() -> {
                try {
                    for (int late = 0;
                            late < 1_000_000;
                            late += ending.isDisposed() ? 1 : 0) { // more than an end can take
                        ending.netty().execute(started::countDown);
                        for (int wait = 0; wait < 10; wait++) {
                            Thread.onSpinWait(); // the loop is faster, so its queue comes to an end
                        }
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            poster.start();
            await(started);
            ending.dispose();
            poster.join(20_000);
            ending.onDispose().block(Duration.ofSeconds(20));
        }

        assertThat(failures).hasSize(200).allMatch(RejectedExecutionException.class::isInstance);
    }

    @Test
    void whatIsAcceptedAtTheMomentOfAGracefulEndRuns() throws InterruptedException {
        List<Throwable> rejections = new CopyOnWriteArrayList<>();
        for (int round = 0; round < 200; round++) {
            EventLoop ending = transport.start(spec("outside"));
            CountDownLatch started = new CountDownLatch(1);
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger ran = new AtomicInteger();
            Thread poster = new Thread(() -> {
                try {
                    while (true) {
                        ending.schedule(ran::incrementAndGet);
                        accepted.incrementAndGet();
                        started.countDown();
                    }
                } catch (RejectedExecutionException end) {
                    rejections.add(end);
                }
            });
            poster.start();
            await(started);
            ending.disposeGracefully().block(Duration.ofSeconds(20));
            poster.join(20_000);

            assertThat(ran.get()).isEqualTo(accepted.get()).isPositive();
        }

        assertThat(rejections).hasSize(200);
    }

    @Test
    void anExitHookThatThrowsFailsTheProgram() {
        assertThatThrownBy(() -> spec("outside")
                        .onExit(code -> {
                            throw new IllegalStateException("in the hook");
                        })
                        .run(program -> {}))
                .hasMessage("in the hook");
    }

    @Test
    void aThresholdBeyondTheClockIsNoThreshold() {
        int code = spec("outside")
                .blockedThreshold(Duration.ofSeconds(Long.MAX_VALUE))
                .run(program -> program.exit(3));

        assertThat(code).isEqualTo(3);
    }

    @Test
    @DisplayName("HT-10, HT-34: nothing is accepted in place of a callback")
    @SuppressWarnings("NullAway") // on purpose
    void nothingIsAcceptedInPlaceOfACallback() {
        assertThatThrownBy(() -> loop.nextTick(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.queueMicrotask(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.setImmediate(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.setTimeout(Duration.ZERO, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.setInterval(Duration.ZERO, null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void anIntervalIsRejectedAlsoOnTheLoopWhileItEndsGracefully() {
        List<Throwable> thrown = new CopyOnWriteArrayList<>();
        loop.setTimeout(Duration.ofMillis(1), () -> {
            Spin.until(loop::isDisposed);
            try {
                loop.setInterval(Duration.ofMillis(1), () -> {});
            } catch (RejectedExecutionException e) {
                thrown.add(e);
            }
        });

        loop.disposeGracefully().block(LIMIT);

        assertThat(thrown).hasSize(1);
    }
}
