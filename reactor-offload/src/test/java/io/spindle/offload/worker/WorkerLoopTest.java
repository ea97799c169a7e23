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
}
