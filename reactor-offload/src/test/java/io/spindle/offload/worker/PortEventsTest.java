// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.spindle.loop.EventLoop;
import io.spindle.loop.LoopMetrics;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a port and a worker tell about themselves, and messages by thread id. */
@ExtendWith(LeakCheck.class)
class PortEventsTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final MessageChannel<String, String> channel = MessageChannel.create(4);

    @Test
    @DisplayName("HW-34: hasRef follows the first listener, the calls and the close")
    void aPortIsReferencedByItsFirstListenerAndFollowsTheCalls() {
        MessagePort<String, String> port = channel.port1();
        EventLoop.run(loop -> {
            assertThat(port.hasRef()).isFalse();
            Disposable receiving = port.messages().subscribe();
            assertThat(port.hasRef()).isTrue();
            assertThat(port.unref().hasRef()).isFalse();
            assertThat(port.ref().hasRef()).isTrue();
            receiving.dispose();
            assertThat(port.hasRef()).isFalse();
            Disposable handling = port.onRequest(Mono::just);
            assertThat(port.hasRef()).isTrue();
            handling.dispose();
            assertThat(port.hasRef()).isFalse();
            port.messages().subscribe();
            assertThat(port.hasRef()).isTrue();
            port.close();
            assertThat(port.hasRef()).isFalse();
        });
    }

    @Test
    @DisplayName("HW-16: the close of one port is seen at both")
    void bothEndsSeeTheCloseAfterTheirMessages() {
        List<String> log = new ArrayList<>();
        EventLoop.run(loop -> {
            channel.port1().onClose().subscribe(none -> {}, error -> {}, () -> log.add("1 " + loop.inLoop()));
            channel.port2().onClose().subscribe(none -> {}, error -> {}, () -> log.add("2 " + loop.inLoop()));
            channel.port2().messages().subscribe(log::add);
            channel.port1().messages().subscribe(log::add);
            channel.port1().postMessage("a");
            channel.port1().postMessage("b");
            channel.port1().close();
            log.add("closed");
        });

        assertThat(log)
                .startsWith("closed")
                .containsSubsequence("a", "b", "2 true")
                .contains("1 true")
                .hasSize(5);
        StepVerifier.create(channel.port1().onClose()).expectComplete().verify(LONG);
    }

    @Test
    void aPortWithoutAListenerIsClosedTooAndDoesNotHoldTheLoop() {
        EventLoop.run(loop -> channel.port1().onClose().subscribe()); // returns
        channel.port2().close();

        StepVerifier.create(channel.port1().onClose()).expectComplete().verify(LONG);
    }

    @Test
    void theUtilizationOfAWorkerIsZeroBeforeAndAfter() throws Exception {
        CompletableFuture<Double> within = new CompletableFuture<>();
        CompletableFuture<Worker<Void, Void>> self = new CompletableFuture<>();
        Worker<Void, Void> worker = WorkerSpec.<Void, Void>of(context -> context.loop()
                        .setTimeout(Duration.ofMillis(20), () -> {
                            LoopMetrics now = self.join().metrics().orElseThrow();
                            within.complete(
                                    now.idle().isZero() ? -1.0 : self.join().utilization());
                        }))
                .start();
        self.complete(worker);

        assertThat(within.get(20, TimeUnit.SECONDS)).isGreaterThan(0).isLessThan(1);
        worker.exit().block(LONG);
        assertThat(worker.metrics()).isEmpty();
        assertThat(worker.utilization()).isZero();
    }

    @Test
    void messagesGoToAThreadIdAndAreAcknowledged() throws Exception {
        List<String> outside = new ArrayList<>();
        Disposable handling = Worker.onThreadMessage((message, source) -> outside.add(message + " from " + source));
        assertThatIllegalStateException().isThrownBy(() -> Worker.onThreadMessage((message, source) -> {}));
        Worker<String, String> worker = WorkerSpec.<String, String>of(context -> {
                    context.parentPort().messages().subscribe();
                    Worker.onThreadMessage((message, source) -> {
                        if (message.equals("bad")) {
                            throw new IllegalStateException("refused");
                        }
                        context.parentPort()
                                .postMessage(message + " from " + source + " "
                                        + context.loop().inLoop());
                        Worker.postMessageToThread(source, "answer").subscribe();
                    });
                    context.parentPort().postMessage("ready");
                })
                .start();
        int id = worker.threadId();
        StepVerifier.create(worker.messages().take(2))
                .expectNext("ready")
                .then(() -> Worker.postMessageToThread(id, "hello").block(LONG))
                .expectNext("hello from 0 true")
                .expectComplete()
                .verify(LONG);

        StepVerifier.create(Worker.postMessageToThread(id, "bad"))
                .expectErrorMessage("refused")
                .verify(LONG);
        worker.disposeGracefully().block(LONG); // the handler does not hold it
        assertThat(outside).containsExactly("answer from " + id);
        StepVerifier.create(Worker.postMessageToThread(id, "late"))
                .expectErrorMessage("the inbox of thread " + id + " is closed: there is no such thread")
                .verify(LONG);
        handling.dispose();
    }

    @Test
    void aThreadWithoutAHandlerTheOwnThreadAndATimeOutFail() {
        Worker<Void, Void> deaf = WorkerSpec.<Void, Void>of(
                        context -> context.loop().setInterval(Duration.ofDays(1), () -> {}))
                .start();
        deaf.online().block(LONG);
        StepVerifier.create(Worker.postMessageToThread(deaf.threadId(), "hello"))
                .expectError(PortClosedException.class)
                .verify(LONG);
        StepVerifier.create(Worker.postMessageToThread(0, "hello"))
                .expectErrorMessage("threadId must be that of another thread, was the caller's own, 0")
                .verify(LONG);
        deaf.terminate().block(LONG);

        CompletableFuture<Void> release = new CompletableFuture<>();
        Worker<Void, Void> slow = WorkerSpec.<Void, Void>of(context -> {
                    Worker.onThreadMessage((message, source) -> {});
                    context.loop().setInterval(Duration.ofDays(1), () -> {});
                    release.complete(null);
                    Spin.until(Thread.currentThread()::isInterrupted);
                })
                .start();
        assertThat(release).succeedsWithin(LONG);
        StepVerifier.create(Worker.postMessageToThread(slow.threadId(), "hello").timeout(Duration.ofMillis(20)))
                .expectError(TimeoutException.class)
                .verify(LONG);
        CompletableFuture<?> waiting =
                Worker.postMessageToThread(slow.threadId(), "hello").toFuture();
        slow.terminate().block(LONG);
        assertThat(waiting).failsWithin(LONG).withThrowableThat().havingCause().isInstanceOf(PortClosedException.class);
    }

    @Test
    void aMessageThatIsRefusedLeavesNothingBehind() {
        PortCalls<String, Void> inbox = PortCalls.handledAtOnce("inbox", 2);

        for (int i = 0; i < 5; i++) {
            StepVerifier.create(inbox.request("message"))
                    .expectError(PortClosedException.class)
                    .verify(LONG);
        }

        assertThat(inbox.queue().poll()).isNull();
    }

    private final List<Object> handled = new CopyOnWriteArrayList<>();
    private final AtomicBoolean flapping = new AtomicBoolean(true);
    private final CompletableFuture<Boolean> settled = new CompletableFuture<>();

    @Test
    void whileHandlersComeAndGoASenderIsToldTheTruthOfEachMessage() throws Exception {
        Worker<Void, Void> worker = WorkerSpec.<Void, Void>of(context -> {
                    context.loop().setInterval(Duration.ofDays(1), () -> {});
                    flap(context.loop(), Worker.onThreadMessage((message, source) -> handled.add(message)));
                })
                .start();
        worker.online().block(LONG);
        int id = worker.threadId();
        List<Object> delivered = new ArrayList<>();
        List<Throwable> refused = new ArrayList<>();

        for (int i = 0; i < 2_000; i++) {
            Integer message = i;
            Worker.postMessageToThread(id, message)
                    .doOnSuccess(done -> delivered.add(message))
                    .doOnError(refused::add)
                    .onErrorComplete()
                    .block(LONG); // fails if the sender hangs
        }
        flapping.set(false);
        assertThat(settled.get(20, TimeUnit.SECONDS)).isTrue();
        Worker.postMessageToThread(id, "last").block(LONG);
        delivered.add("last");
        worker.terminate().block(LONG);

        assertThat(handled).isEqualTo(delivered);
        assertThat(delivered.size() + refused.size()).isEqualTo(2_001);
        assertThat(refused).allMatch(PortClosedException.class::isInstance);
    }

    @Test
    void whileAnotherThreadTakesHandlersAwayASenderIsToldTheTruthToo() {
        CompletableFuture<List<Object>> delivered = new CompletableFuture<>();
        Worker<Void, Void> worker = WorkerSpec.<Void, Void>of(context -> Flux.range(0, 5_000)
                        .<Object>concatMap(i -> Worker.postMessageToThread(0, i)
                                .<Object>thenReturn(i)
                                .onErrorResume(PortClosedException.class, refused -> Mono.empty()))
                        .collectList()
                        .subscribe(delivered::complete, delivered::completeExceptionally))
                .start();

        long end = System.nanoTime() + LONG.toNanos();
        while (!delivered.isDone() && System.nanoTime() - end < 0) { // not done if a sender hangs
            Disposable handling = Worker.onThreadMessage((message, source) -> handled.add(message));
            int held = handled.size();
            for (int i = 0; i < 1_000 && handled.size() == held; i++) {
                Thread.onSpinWait();
            }
            handling.dispose();
        }

        assertThat(delivered).succeedsWithin(LONG).isEqualTo(List.copyOf(handled));
        assertThat(handled).isNotEmpty();
        worker.exit().block(LONG);
    }

    @Test
    void aMessageThatIsHandledIsToldSoThoughItsHandlerIsTakenAway() {
        for (boolean within : new boolean[] {true, false}) {
            CompletableFuture<Boolean> listening = new CompletableFuture<>();
            Worker<Void, Void> worker = WorkerSpec.<Void, Void>of(context -> {
                        context.loop().setInterval(Duration.ofDays(1), () -> {});
                        Disposable[] handling = new Disposable[1];
                        handling[0] = Worker.onThreadMessage((message, source) -> {
                            if (within) {
                                handling[0].dispose();
                            } else {
                                context.loop().nextTick(() -> handling[0].dispose());
                            }
                            handled.add(message);
                        });
                        listening.complete(true);
                    })
                    .start();
            assertThat(listening).succeedsWithin(LONG);

            StepVerifier.create(Worker.postMessageToThread(worker.threadId(), within))
                    .expectComplete()
                    .verify(LONG);
            StepVerifier.create(Worker.postMessageToThread(worker.threadId(), "late"))
                    .expectError(PortClosedException.class)
                    .verify(LONG);
            worker.terminate().block(LONG);
        }
        assertThat(handled).containsExactly(true, false);
    }

    private void flap(EventLoop loop, Disposable handling) {
        loop.setImmediate(() -> {
            handling.dispose();
            Disposable next = Worker.onThreadMessage((message, source) -> handled.add(message));
            if (flapping.get()) {
                flap(loop, next);
            } else {
                settled.complete(true);
            }
        });
    }
}
