// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class MessageChannelTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final MessageChannel<String, Integer> channel = MessageChannel.create(2);

    @Test
    @DisplayName("HW-19: to post to a closed port is silent")
    void whatOnePortSendsTheOtherReceives() {
        channel.port1().postMessage("to port 2");
        channel.port2().postMessage(1);

        StepVerifier.create(channel.port2().messages())
                .expectNext("to port 2")
                .thenCancel()
                .verify(LONG);
        StepVerifier.create(channel.port1().messages())
                .expectNext(1)
                .then(channel.port1()::close)
                .expectComplete()
                .verify(LONG);
        assertThat(channel.port2().postMessage(2)).isFalse();
    }

    @Test
    void aFullPortRefusesAndSendWaits() {
        assertThat(channel.port1().postMessage("a")).isTrue();
        assertThat(channel.port1().postMessage("b")).isTrue();
        assertThat(channel.port1().postMessage("c")).isFalse();
        CompletableFuture<@Nullable Void> waiting = channel.port1().send("c").toFuture();
        assertThat(waiting).isNotDone();

        assertThat(channel.port2().poll()).contains("a");

        assertThat(waiting).succeedsWithin(LONG);
        assertThat(channel.port2().poll()).contains("b");
        assertThat(channel.port2().poll()).contains("c");
        assertThat(channel.port2().poll()).isEmpty();
        assertThatThrownBy(() -> MessageChannel.create(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("was 0");
    }

    @Test
    @DisplayName("HW-22: two messages before a close always arrive, in their order")
    void whatWasSentJustBeforeTheCloseAlwaysArrives() {
        Mono<Long> complete = Flux.range(0, 10_000)
                .flatMap(i -> {
                    MessageChannel<Integer, Integer> each = MessageChannel.create(2);
                    Mono<List<Integer>> received = each.port2().messages().collectList();
                    Mono<Void> sending = Mono.<Void>fromRunnable(() -> {
                                each.port1().postMessage(2 * i);
                                each.port1().postMessage(2 * i + 1);
                                each.port1().close();
                            })
                            .subscribeOn(Schedulers.parallel());
                    return Mono.zip(received, sending.thenReturn(i));
                })
                .filter(both -> both.getT1().equals(List.of(2 * both.getT2(), 2 * both.getT2() + 1)))
                .count();

        StepVerifier.create(complete).expectNext(10_000L).expectComplete().verify(LONG);
    }

    @Test
    void aSubscriptionHoldsTheLoopUnlessUnreferenced() {
        EventLoop.run(loop -> channel.port1().unref().messages().subscribe());

        List<String> log = new ArrayList<>();
        EventLoop.run(loop -> {
            var receiving = channel.port1().ref().messages().subscribe();
            loop.setTimeout(Duration.ofMillis(5), () -> log.add("later")).unref();
            loop.setTimeout(Duration.ofMillis(10), receiving::dispose).unref();
        });
        assertThat(log).containsExactly("later");
    }

    @Test
    @DisplayName("HW-59: a port in the data of a worker works")
    void aPortGivenToAWorkerJoinsItWithAnother() {
        MessageChannel<Integer, Integer> between = MessageChannel.create(8);
        Worker<Void, Integer> doubling = WorkerSpec.<Void, Integer>of(context -> numbers(context)
                        .messages()
                        .concatMap(i -> numbers(context).send(2 * i))
                        .subscribe())
                .workerData(between.port2())
                .start();
        Worker<Void, Integer> asking = WorkerSpec.<Void, Integer>of(context -> {
                    Flux.range(1, 1_000).concatMap(numbers(context)::send).subscribe();
                    numbers(context)
                            .messages()
                            .take(1_000)
                            .reduce(Integer::sum)
                            .doFinally(end -> numbers(context).close())
                            .subscribe(context.parentPort()::postMessage);
                })
                .workerData(between.port1())
                .start();

        StepVerifier.create(asking.messages())
                .expectNext(1_001_000)
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(doubling.exit()).expectNext(0).expectComplete().verify(LONG);
    }

    @SuppressWarnings("unchecked")
    private static MessagePort<Integer, Integer> numbers(WorkerContext<?, ?> context) {
        return context.workerData(MessagePort.class);
    }
}
