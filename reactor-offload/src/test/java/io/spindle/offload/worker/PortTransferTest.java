// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class PortTransferTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final int ROUNDS = 5_000;

    private final MessageChannel<Object, Object> channel = MessageChannel.create(4);

    @Test
    @DisplayName("HW-17, HW-23: a port that was moved through a port works where it is, and nowhere else")
    void aPortIsMovedIntoAWorkerAndItsOldHandleIsUnusable() {
        Worker<MessagePort<Object, Object>, Void> worker = WorkerSpec.<MessagePort<Object, Object>, Void>of(
                        context -> context.parentPort()
                                .messages()
                                .next()
                                .subscribe(port -> port.messages().take(2).subscribe(port::postMessage)))
                .start();
        MessagePort<Object, Object> old = channel.port2();
        channel.port1().postMessage("before the move");

        assertThat(worker.postMessage(old.transfer())).isTrue();
        channel.port1().postMessage("after the move");

        StepVerifier.create(channel.port1().messages().take(2))
                .expectNext("before the move", "after the move")
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(worker.exit()).expectNext(0).expectComplete().verify(LONG);
        Stream.<Runnable>of(
                        () -> old.postMessage("x"),
                        () -> old.send("x"),
                        () -> old.request("x"),
                        old::messages,
                        old::messageErrors,
                        old::poll,
                        () -> old.onRequest(Mono::just),
                        old::ref,
                        old::unref,
                        old::close,
                        old::transfer)
                .forEach(use -> assertThatIllegalStateException()
                        .isThrownBy(use::run)
                        .withMessage("port 2 of the channel was transferred: this handle is unusable"));
        assertThat(old.hasRef()).isFalse();
    }

    @Test
    void aFluxTakenFromTheOldHandleBeforeReceivesNothing() {
        var early = channel.port2().messages();
        channel.port2().transfer();

        StepVerifier.create(early).expectError(IllegalStateException.class).verify(LONG);
    }

    @Test
    @DisplayName("HW-25: a port that is closed or in use is not moved")
    void aClosedPortAndOneInUseCannotBeMoved() {
        Disposable receiving = channel.port1().messages().subscribe();
        assertThatIllegalStateException()
                .isThrownBy(channel.port1()::transfer)
                .withMessageContaining("it has a subscriber or a request handler");
        receiving.dispose();
        Disposable handling = channel.port1().onRequest(Mono::just);
        assertThatIllegalStateException().isThrownBy(channel.port1()::transfer);
        handling.dispose();
        channel.port1().transfer().close();

        assertThatIllegalStateException()
                .isThrownBy(channel.port2()::transfer)
                .withMessageContaining("port 2 of the channel cannot be transferred: it is closed");
    }

    @Test
    void theParentPortStaysWithItsWorker() {
        Worker<Object, String> worker = WorkerSpec.<Object, String>of(context -> {
                    try {
                        context.parentPort().transfer();
                    } catch (IllegalStateException refused) {
                        context.parentPort().postMessage(String.valueOf(refused.getMessage()));
                    }
                })
                .start();

        StepVerifier.create(worker.messages())
                .expectNextMatches(message -> message.contains("it stays with its worker"))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    @DisplayName("HW-50: a buffer that was moved to a worker is its own")
    void aBufferIsMovedAndReleasedByItsReceiver() {
        ByteBuf buffer = Unpooled.directBuffer().writeBytes(new byte[] {1, 2, 3});
        Owned<ByteBuf> mine = Owned.of(buffer);
        Worker<Owned<ByteBuf>, String> worker = WorkerSpec.<Owned<ByteBuf>, String>of(context -> context.parentPort()
                        .messages()
                        .take(1)
                        .subscribe(received -> {
                            context.parentPort().postMessage(ByteBufUtil.hexDump(received.get()));
                            received.dispose();
                        }))
                .start();

        assertThat(mine.isDisposed()).isFalse();
        worker.postMessage(mine.transfer());

        assertThat(mine.isDisposed()).isTrue();
        mine.dispose(); // nothing of it is left to release
        StepVerifier.create(worker.messages())
                .expectNext("010203")
                .expectComplete()
                .verify(LONG);
        assertThat(buffer.refCnt()).isZero();
        Stream.<Runnable>of(mine::get, mine::transfer, mine::take)
                .forEach(use -> assertThatIllegalStateException()
                        .isThrownBy(use::run)
                        .withMessageContaining("is not owned by this handle any more"));
    }

    @Test
    void aWorkerThatEndsReleasesWhatItDidNotReceive() {
        ByteBuf buffer = Unpooled.directBuffer();
        CompletableFuture<Integer> atExit = new CompletableFuture<>();
        Worker<Owned<ByteBuf>, Void> worker = WorkerSpec.<Owned<ByteBuf>, Void>of(
                        context -> context.loop().setInterval(Duration.ofDays(1), () -> {}))
                .start();
        worker.exit().subscribe(code -> atExit.complete(buffer.refCnt()));
        assertThat(worker.postMessage(Owned.of(buffer).transfer())).isTrue();

        worker.dispose();

        assertThat(atExit).succeedsWithin(LONG).isEqualTo(0);
    }

    @Test
    void whatIsSentWhileThePortEndsIsRefusedOrReleased() throws Exception {
        List<PortQueue<Owned<String>>> ports = Stream.generate(
                        () -> PortQueue.<Owned<String>>keeping("the port", 1, null))
                .limit(ROUNDS)
                .toList();
        AtomicInteger arrived = new AtomicInteger();
        Thread ending = new Thread(() -> {
            int meetings = 0;
            for (PortQueue<Owned<String>> port : ports) {
                meet(arrived, ++meetings);
                port.close();
                port.discard();
                meet(arrived, ++meetings);
            }
        });
        ending.start();
        AtomicInteger released = new AtomicInteger();
        int meetings = 0;
        int sent = 0;
        for (PortQueue<Owned<String>> port : ports) {
            Owned<String> message = Owned.of("thing", thing -> released.incrementAndGet());
            meet(arrived, ++meetings);
            sent += port.offer(message) ? 1 : 0;
            meet(arrived, ++meetings);
        }
        ending.join();
        assertThat(released).hasValue(sent);
    }

    /** Two threads that go on within nanoseconds of each other, which a barrier that parks them does not give. */
    private static void meet(AtomicInteger arrived, int meetings) {
        arrived.incrementAndGet();
        Spin.until(() -> arrived.get() >= 2 * meetings);
    }

    @Test
    void whatIsRefusedStaysWithTheCaller() {
        MessageChannel<Object, Object> full = MessageChannel.create(1);
        full.port1().postMessage("fills it");
        ByteBuf buffer = Unpooled.directBuffer();
        Owned<ByteBuf> moved = Owned.of(buffer).transfer();

        assertThat(full.port1().postMessage(moved)).isFalse();

        assertThat(moved.take()).isSameAs(buffer);
        buffer.release();
    }

    @Test
    @DisplayName("HW-26: one thing is moved once")
    void ofManyWhoMoveOneThingOneSucceeds() throws Exception {
        for (int round = 0; round < 200; round++) {
            AtomicInteger released = new AtomicInteger();
            Owned<String> one = Owned.of("thing", thing -> released.incrementAndGet());
            MessagePort<Object, Object> port = MessageChannel.create().port1();
            CyclicBarrier start = new CyclicBarrier(2);
            CompletableFuture<Integer> other = new CompletableFuture<>();
            Thread thread = new Thread(() -> other.complete(successes(start, one, port)));
            thread.start();

            int both = successes(start, one, port) + other.get();

            thread.join();
            assertThat(both).isEqualTo(2); // one has moved the thing, one the port
            assertThat(released.get()).isEqualTo(1);
        }
    }

    private static int successes(CyclicBarrier start, Owned<String> one, MessagePort<Object, Object> port) {
        try {
            start.await();
        } catch (Exception error) {
            throw new AssertionError(error);
        }
        int successes = 0;
        try {
            one.transfer().dispose();
            successes++;
        } catch (IllegalStateException lost) {
            // the other one has it
        }
        try {
            port.transfer();
            successes++;
        } catch (IllegalStateException lost) {
            // the other one has it
        }
        return successes;
    }
}
