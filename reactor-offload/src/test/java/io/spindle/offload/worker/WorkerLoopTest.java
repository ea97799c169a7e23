// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class WorkerLoopTest {

    @Test
    @DisplayName("O-52: messages, the error and the exit of a worker that throws come home in this order")
    void theParentsLoopLivesUntilTheExitAndEverythingComesHomeInOrder() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> {
            Worker<Void, String> worker = WorkerSpec.<Void, String>of(context -> {
                        context.parentPort().postMessage("m1");
                        context.parentPort().postMessage("m2");
                        throw new IllegalStateException("boom");
                    })
                    .start();
            worker.messages().onErrorComplete().subscribe(message -> log.add(message + " " + loop.inLoop()));
            worker.error().subscribe(error -> log.add(error.getMessage() + " " + loop.inLoop()));
            worker.exit().subscribe(code -> log.add("exit " + code + " " + loop.inLoop()));
            assertThat(worker.hasRef()).isTrue();
            log.add("started");
        });

        assertThat(log).containsExactly("started", "m1 true", "m2 true", "boom true", "exit 1 true");
    }

    @Test
    void theLoopTicksWhileTheWorkerComputes() {
        List<Object> log = new ArrayList<>();
        int[] ticks = {0};
        CountDownLatch tenTicks = new CountDownLatch(10);
        AtomicLong looks = new AtomicLong();

        EventLoop.run(loop -> {
            var interval = loop.setInterval(Duration.ofMillis(1), () -> {
                ticks[0]++;
                tenTicks.countDown();
            });
            Worker.run(() -> {
                        while (tenTicks.getCount() > 0) {
                            looks.incrementAndGet(); // onSpinWait would count as blocking
                        }
                        return "computed";
                    })
                    .doFinally(end -> interval.dispose())
                    .subscribe(log::add);
        });

        assertThat(log).containsExactly("computed");
        assertThat(ticks[0]).isGreaterThanOrEqualTo(10);
    }

    @Test
    void aLoopThatEndsGracefullyHearsTheEndOfItsWorkers() {
        List<String> log = new CopyOnWriteArrayList<>();
        EventLoop loop = EventLoop.create("graceful");

        loop.schedule(() -> {
            Worker<String, Void> worker = WorkerSpec.<String, Void>of(
                            context -> context.parentPort().messages().subscribe())
                    .start();
            worker.exit().subscribe(code -> log.add("exit " + code + " " + loop.inLoop()));
            loop.disposeGracefully().subscribe();
            worker.disposeGracefully().subscribe(none -> {}, error -> {}, () -> log.add("end " + loop.inLoop()));
        });
        loop.onDispose().block(Duration.ofSeconds(20));

        assertThat(log).containsExactly("exit 0 true", "end true");
    }

    @Test
    @DisplayName("HW-46: an unreferenced worker does not hold the program, and is terminated with it")
    void anUnreferencedWorkerIsTerminatedWithTheLoop() throws Exception {
        CompletableFuture<Worker<String, Void>> started = new CompletableFuture<>();
        CountDownLatch online = new CountDownLatch(1);

        EventLoop.run(loop -> {
            Worker<String, Void> worker = WorkerSpec.<String, Void>of(context -> {
                        context.parentPort().messages().subscribe();
                        online.countDown();
                    })
                    .start();
            started.complete(worker);
            worker.unref();
            assertThat(worker.hasRef()).isFalse();
        });

        Integer code = started.join().exit().toFuture().get(20, TimeUnit.SECONDS);
        assertThat(code).isEqualTo(1);
        assertThat(started.join().threadId()).isEqualTo(-1);
    }

    @Test
    void anErrorThatNobodyListensForIsUncaughtInTheParent() {
        assertThatThrownBy(() -> EventLoop.run(loop -> WorkerSpec.<Void, Void>of(context -> {
                            throw new IllegalStateException("nobody hears me");
                        })
                        .start()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("nobody hears me");

        List<String> log = new ArrayList<>();
        EventLoopSpec.of("main")
                .onUncaught((loop, error) -> log.add(error.getMessage()))
                .run(loop -> WorkerSpec.<Void, Void>of(context -> {
                            throw new Exception("checked");
                        })
                        .start());
        assertThat(log).hasSize(1).allMatch(message -> message.contains("checked"));
    }

    @Test
    @DisplayName("O-46: ticks and microtasks run between two messages of a worker")
    void eachMessageIsACallbackOfItsOwn() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> {
            Worker<String, String> echo = WorkerSpec.<String, String>of(context ->
                            context.parentPort().messages().take(2).subscribe(context.parentPort()::postMessage))
                    .start();
            echo.postMessage("1");
            echo.postMessage("2");
            echo.messages().subscribe(message -> {
                log.add("msg" + message);
                loop.queueMicrotask(() -> log.add("micro" + message));
                loop.nextTick(() -> log.add("tick" + message));
            });
        });

        assertThat(log).containsExactly("msg1", "tick1", "micro1", "msg2", "tick2", "micro2");
    }

    @Test
    @DisplayName("O-50: a worker and its parent that answer each other for ever starve no timer")
    void endlessPingPongStarvesNoTimer() {
        int[] pongs = {0};

        EventLoop.run(loop -> {
            Worker<Integer, Integer> worker = WorkerSpec.<Integer, Integer>of(
                            context -> context.parentPort().messages().subscribe(context.parentPort()::postMessage))
                    .start();
            worker.messages().subscribe(message -> {
                if (pongs[0]++ == 0) {
                    loop.setTimeout(Duration.ofMillis(20), worker::dispose);
                }
                worker.postMessage(message + 1);
            });
            worker.postMessage(0);
        });

        assertThat(pongs[0]).isPositive();
    }
}
