// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class WorkerTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private static <T> T get(Mono<T> mono) throws Exception {
        return mono.toFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void aWorkerHasItsThreadItsLoopItsNameAndItsData() throws Exception {
        CompletableFuture<WorkerContext<Void, String>> seen = new CompletableFuture<>();
        Worker<Void, String> worker = WorkerSpec.<Void, String>of(context -> {
                    seen.complete(context);
                    assertThat(EventLoop.current()).isSameAs(context.loop());
                    assertThat(Schedulers.isInNonBlockingThread()).isTrue();
                    context.parentPort().postMessage(Thread.currentThread().getName());
                    context.parentPort()
                            .postMessage("got " + context.workerData(Integer.class) + " as " + context.threadId());
                })
                .name("digger")
                .workerData(42)
                .start();
        int id = seen.get(20, TimeUnit.SECONDS).threadId(); // the worker itself may have ended by now

        assertThat(id).isPositive();
        StepVerifier.create(worker.messages())
                .expectNext("digger", "got 42 as " + id)
                .expectComplete()
                .verify(LONG);
        assertThat(get(worker.exit())).isZero();
        assertThat(get(worker.error())).isNull();
        assertThat(get(worker.online())).isNull();
        assertThat(worker.threadId()).isEqualTo(-1);
        assertThat(worker.isDisposed()).isTrue();
        assertThat(worker.name()).isEqualTo("digger");
        assertThat(seen.join().name()).isEqualTo("digger");
    }

    private static final class Echo implements WorkerMain<String, String> {

        private int count; // of this worker alone

        @Override
        public void start(WorkerContext<String, String> context) {
            context.parentPort()
                    .messages()
                    .subscribe(message -> context.parentPort().postMessage(++count + " " + message));
        }
    }

    @Test
    @DisplayName("HW-41: a worker that hears no more ends by itself with 0")
    void aClassGetsAnInstancePerWorkerAndEndsWhenItHearsNoMore() throws Exception {
        WorkerSpec<String, String> spec = WorkerSpec.of(Echo.class);
        for (int round = 0; round < 2; round++) {
            Worker<String, String> worker = spec.start();
            assertThat(worker.postMessage("a")).isTrue(); // perhaps before it listens: it is kept
            assertThat(worker.postMessage("b")).isTrue();

            StepVerifier.create(worker.messages())
                    .expectNext("1 a", "2 b")
                    .then(() -> worker.postMessage("c"))
                    .expectNext("3 c")
                    .then(() -> worker.disposeGracefully().subscribe())
                    .expectComplete()
                    .verify(LONG);
            assertThat(get(worker.exit())).isZero();
            assertThat(worker.postMessage("too late")).isFalse();
            StepVerifier.create(worker.send("too late"))
                    .expectError(PortClosedException.class)
                    .verify(LONG);
        }
    }

    @Test
    @DisplayName("HW-53: a program that cannot be made is the error of its worker")
    void whatFailsToBeMadeIsTheErrorOfTheWorker() {
        abstract class Nothing implements WorkerMain<Void, Void> {}
        Worker<Void, Void> worker = WorkerSpec.<Void, Void>of(Nothing.class).start();

        StepVerifier.create(worker.messages())
                .expectErrorSatisfies(error -> assertThat(error).isInstanceOf(ReflectiveOperationException.class))
                .verify(LONG);
        StepVerifier.create(worker.exit()).expectNext(1).expectComplete().verify(LONG);
    }

    @Test
    @DisplayName("O-53: exit ends a worker with its code after all its messages")
    void exitEndsItWithItsCodeAfterAllItsMessages() throws Exception {
        Worker<Void, Integer> worker = WorkerSpec.<Void, Integer>of(context -> {
                    context.loop().setInterval(Duration.ofDays(1), () -> {});
                    for (int i = 0; i < 5_000; i++) {
                        context.parentPort().postMessage(i);
                    }
                    context.exit(5);
                })
                .start();

        StepVerifier.create(worker.messages().collectList())
                .assertNext(all -> assertThat(all).hasSize(5_000).isSorted())
                .expectComplete()
                .verify(LONG);
        assertThat(get(worker.exit())).isEqualTo(5);
    }

    @Test
    @DisplayName("O-52: the error of a worker comes after its messages, and it exits with 1")
    void anUncaughtErrorComesAfterTheMessages() throws Exception {
        Worker<Void, String> worker = WorkerSpec.<Void, String>of(context -> {
                    context.parentPort().postMessage("m1");
                    context.parentPort().postMessage("m2");
                    context.loop().setImmediate(() -> {
                        throw new IllegalStateException("boom");
                    });
                })
                .start();
        CompletableFuture<@Nullable Throwable> error = worker.error().toFuture();

        StepVerifier.create(worker.messages())
                .expectNext("m1", "m2")
                .expectErrorMessage("boom")
                .verify(LONG);
        assertThat(get(worker.exit())).isEqualTo(1);
        assertThat(error.get(20, TimeUnit.SECONDS)).hasMessage("boom");
    }

    @Test
    @DisplayName(
            "HW-49, HW-56, O-54: a spinning worker is terminated with 1, a second time in vain, and takes no messages any more")
    void terminateInterruptsAndASecondOneIsEmpty() throws Exception {
        AtomicBoolean spinning = new AtomicBoolean(true);
        CountDownLatch started = new CountDownLatch(1);
        Worker<String, String> worker = WorkerSpec.<String, String>of(context -> {
                    context.parentPort().postMessage("before");
                    started.countDown();
                    Spin.until(() -> Thread.currentThread().isInterrupted() || !spinning.get());
                    context.parentPort().postMessage("stopped");
                    context.loop().nextTick(() -> context.parentPort().postMessage("never"));
                })
                .start();
        assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(worker.threadId()).isPositive();

        assertThat(get(worker.terminate())).isEqualTo(1);
        StepVerifier.create(worker.terminate()).expectComplete().verify(LONG);
        StepVerifier.create(worker.messages())
                .expectNext("before")
                .expectNextMatches(message -> !message.equals("never"))
                .expectComplete()
                .verify(LONG);
        assertThat(get(worker.error())).isNull();
        assertThat(worker.threadId()).isEqualTo(-1);
        assertThat(worker.postMessage("nobody")).isFalse();
        assertThat(worker.metrics()).isEmpty();
        assertThat(worker.ref().unref().hasRef()).isFalse();
        spinning.set(false);
    }

    @Test
    @DisplayName("HW-37: a worker that loops in ticks is terminated")
    void terminateEndsAnEndlessTickLoopAndAWorkerThatHasHardlyStarted() throws Exception {
        Worker<Void, Void> ticking = WorkerSpec.<Void, Void>of(context -> tickForEver(context.loop()))
                .start();
        get(ticking.online());
        assertThat(get(ticking.terminate())).isEqualTo(1);

        for (int i = 0; i < 50; i++) {
            Worker<Void, Void> young = WorkerSpec.<Void, Void>of(context -> tickForEver(context.loop()))
                    .start();
            assertThat(get(young.terminate())).isEqualTo(1);
        }
    }

    private static void tickForEver(EventLoop loop) {
        loop.nextTick(() -> tickForEver(loop));
    }

    @Test
    void runComputesOnAFreshWorker() {
        StepVerifier.create(Worker.run(() -> fibonacci(20)))
                .expectNext(10946L)
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Worker.run(() -> null)).expectComplete().verify(LONG);
        StepVerifier.create(Worker.run(() -> {
                    throw new java.io.IOException("no luck");
                }))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(java.io.IOException.class)
                        .hasMessage("no luck"))
                .verify(LONG);
    }

    private static long fibonacci(int n) {
        return n <= 1 ? 1 : fibonacci(n - 1) + fibonacci(n - 2);
    }

    @Test
    void cancellingRunInterruptsTheTask() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        var task = Worker.run(() -> {
                    started.countDown();
                    Spin.until(Thread.currentThread()::isInterrupted);
                    interrupted.countDown();
                    return null;
                })
                .subscribe();
        assertThat(started.await(20, TimeUnit.SECONDS)).isTrue();

        task.dispose();

        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void workersCanBeNested() {
        Mono<Long> nested = Mono.defer(() -> WorkerSpec.<Void, Long>of(
                        context -> Worker.run(() -> fibonacci(10)).subscribe(context.parentPort()::postMessage))
                .start()
                .messages()
                .next());

        StepVerifier.create(nested).expectNext(89L).expectComplete().verify(LONG);
    }

    @Test
    void badArgumentsAreRefusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WorkerSpec.of(Echo.class).name(""));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WorkerSpec.of(Echo.class).queueCapacity(0))
                .withMessage("queueCapacity must be 1 or more, was 0");
        assertThat(WorkerSpec.of(Echo.class).queueCapacity(3).queueCapacity()).isEqualTo(3);
    }
}
