// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** Node's ordering rules of ports, broadcasts and workers, O-46 and O-49 to O-54, as a loop sees them. */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
class WorkerOrderTest {

    private final MessageChannel<String, String> channel = MessageChannel.create();
    private final List<String> log = new ArrayList<>();

    @Parameter
    @SuppressWarnings("NullAway.Init")
    Transport transport;

    @Test
    @DisplayName("O-46: ticks and microtasks run between two messages of a port")
    void eachMessageOfAPortIsACallbackOfItsOwn() {
        transport.run(loop -> {
            channel.port2().messages().subscribe(message -> {
                log.add("msg" + message);
                loop.queueMicrotask(() -> log.add("micro" + message));
                loop.nextTick(() -> log.add("tick" + message));
                if ("2".equals(message)) {
                    channel.port2().close();
                }
            });
            channel.port1().postMessage("1");
            channel.port1().postMessage("2");
        });

        assertThat(log).containsExactly("msg1", "tick1", "micro1", "msg2", "tick2", "micro2");
    }

    @Test
    @DisplayName("O-46: ticks and microtasks run between two messages of a worker")
    void eachMessageOfAWorkerIsACallbackOfItsOwn() {
        transport.run(loop -> {
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
    @DisplayName("O-49: what was posted before the close arrives, then both ends are closed")
    void whatWasSentBeforeTheCloseArrivesThenBothEndsComplete() {
        transport.run(loop -> {
            channel.port2().messages().subscribe(log::add, error -> {}, () -> log.add("close 2"));
            channel.port1().messages().subscribe(message -> {}, error -> {}, () -> log.add("close 1"));
            channel.port1().postMessage("a");
            channel.port1().postMessage("b");
            channel.port1().close();
            log.add("closed");
        });

        assertThat(log)
                .startsWith("closed")
                .containsSubsequence("a", "b", "close 2")
                .contains("close 1")
                .hasSize(5);
    }

    @Test
    @DisplayName("O-50: a port that answers itself for ever starves no timer")
    void aPortThatAnswersItselfForeverStarvesNoTimer() {
        int[] rounds = {0};

        transport.run(loop -> {
            channel.port2().messages().subscribe(message -> {
                rounds[0]++;
                channel.port1().postMessage(message);
            });
            channel.port1().postMessage("again");
            loop.setTimeout(Duration.ofMillis(50), channel.port1()::close);
        });

        assertThat(rounds[0]).isPositive();
    }

    @Test
    @DisplayName("O-50: a worker and its parent that answer each other for ever starve no timer")
    void endlessPingPongStarvesNoTimer() {
        int[] pongs = {0};

        transport.run(loop -> {
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

    @Test
    @DisplayName("O-51: a broadcast reaches the others before an immediate, and not its sender")
    void allOthersReceiveABroadcastAndTheSenderDoesNot() {
        BroadcastChannel<Integer> sender = BroadcastChannel.open("order", Integer.class);
        BroadcastChannel<Integer> other = BroadcastChannel.open("order", Integer.class);

        transport.run(loop -> {
            sender.messages().subscribe(message -> log.add("echo"));
            other.messages().subscribe(message -> log.add("b" + message));
            sender.postMessage(1);
            sender.postMessage(2);
            loop.setImmediate(() -> {
                log.add("immediate");
                other.close();
                sender.close();
            });
            log.add("posted");
        });

        assertThat(log).containsExactly("posted", "b1", "b2", "immediate");
    }

    @Test
    @DisplayName("O-52: messages, the error and the exit of a worker that throws come home in this order")
    void theErrorOfAWorkerComesBetweenItsMessagesAndItsExit() {
        transport.run(loop -> {
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
    @DisplayName("O-53: a worker that exits with 5 is online, then its messages come, then its exit")
    void theExitOfAWorkerComesAfterItsMessages() {
        transport.run(loop -> {
            Worker<Void, Integer> worker = WorkerSpec.<Void, Integer>of(context -> {
                        context.loop().setInterval(Duration.ofDays(1), () -> {});
                        for (int i = 0; i < 3; i++) {
                            context.parentPort().postMessage(i);
                        }
                        context.exit(5);
                    })
                    .start();
            worker.online().subscribe(null, null, () -> log.add("online"));
            worker.messages().subscribe(message -> log.add("m" + message));
            worker.exit().subscribe(code -> log.add("exit " + code));
        });

        assertThat(log)
                .contains("online")
                .containsSubsequence("m0", "m1", "m2", "exit 5")
                .endsWith("exit 5")
                .hasSize(5);
    }

    @Test
    @DisplayName("O-54: a spinning worker is terminated: its exit, then the answer, 1; a second time in vain")
    void theExitOfAWorkerIsToldBeforeTheAnswerOfTerminate() {
        transport.run(loop -> {
            Worker<String, String> worker = WorkerSpec.<String, String>of(context -> {
                        context.parentPort().postMessage("spinning");
                        Spin.until(Thread.currentThread()::isInterrupted);
                    })
                    .start();
            worker.exit().subscribe(code -> log.add("exit " + code));
            worker.messages()
                    .take(1)
                    .then(Mono.defer(worker::terminate))
                    .doOnNext(code -> log.add("terminated " + code))
                    .then(Mono.defer(worker::terminate))
                    .subscribe(
                            code -> log.add("again " + code),
                            null,
                            () -> log.add("posted " + worker.postMessage("late")));
        });

        assertThat(log).containsExactly("exit 1", "terminated 1", "posted false");
    }
}
