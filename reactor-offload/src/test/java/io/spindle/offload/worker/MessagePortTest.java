// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class MessagePortTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final PortQueue<Integer> port = PortQueue.keeping("the port", 2, null);

    @Test
    void demandIsHonouredAndTheCapacityToo() {
        StepVerifier.create(port, 0)
                .expectSubscription()
                .then(() -> {
                    assertThat(port.offer(1)).isTrue();
                    assertThat(port.offer(2)).isTrue();
                    assertThat(port.offer(3)).isFalse();
                })
                .thenRequest(1)
                .expectNext(1)
                .then(() -> assertThat(port.offer(3)).isTrue())
                .then(port::close)
                .thenRequest(1)
                .expectNext(2)
                .thenRequest(1)
                .expectNext(3)
                .expectComplete()
                .verify(LONG);
        assertThat(port.offer(4)).isFalse();
    }

    @Test
    void sendWaitsForRoomInOrderAndCancelTakesItBack() {
        port.offer(1);
        port.offer(2);
        CompletableFuture<@Nullable Void> third = port.send(3).toFuture();
        port.send(4).subscribe().dispose();
        CompletableFuture<@Nullable Void> fifth = port.send(5).toFuture();
        assertThat(third).isNotDone();
        assertThat(port.offer(6)).isFalse(); // it would overtake

        StepVerifier.create(port, 1)
                .expectNext(1)
                .then(() -> assertThat(third).succeedsWithin(LONG))
                .then(() -> assertThat(fifth).isNotDone())
                .thenRequest(10)
                .expectNext(2, 3, 5)
                .then(port::close)
                .expectComplete()
                .verify(LONG);
        assertThat(fifth).succeedsWithin(LONG);
    }

    @Test
    void aCancelledSendIsForgottenThoughThereIsNeverRoom() {
        PortQueue<Object> full = PortQueue.keeping("the full port", 1, null);
        full.offer("fills it");

        WeakReference<Object> message = cancelledSend(full);

        for (int i = 0; i < 20 && !message.refersTo(null); i++) {
            System.gc();
        }
        assertThat(message.refersTo(null)).isTrue();
        assertThat(full.poll()).isEqualTo("fills it");
    }

    private static WeakReference<Object> cancelledSend(PortQueue<Object> port) {
        Object message = new Object();
        port.send(message).subscribe().dispose();
        return new WeakReference<>(message);
    }

    @Test
    void closeFailsWhoWaits() {
        port.offer(1);
        port.offer(2);
        CompletableFuture<@Nullable Void> third = port.send(3).toFuture();

        port.close();

        assertThat(third)
                .failsWithin(LONG)
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(PortClosedException.class)
                .withMessageContaining("the port is closed");
        StepVerifier.create(port).expectNext(1, 2).expectComplete().verify(LONG);
    }

    @Test
    void oneMaySubscribeAsSoonAsTheOneBeforeHasCancelled() {
        List<Throwable> refused = new CopyOnWriteArrayList<>();

        for (int i = 0; i < 20_000; i++) {
            port.subscribe(message -> {}, refused::add).dispose(); // drained on another thread meanwhile
        }

        assertThat(refused).isEmpty();
    }

    @Test
    @DisplayName("HW-32: what is posted before there is a listener waits for it, and for the next one")
    void oneSubscriberAtATimeAndWhatTheFirstLeavesTheNextGets() {
        port.offer(1);
        port.offer(2);

        StepVerifier.create(port, 1)
                .expectNext(1)
                .then(() -> StepVerifier.create(port)
                        .expectError(IllegalStateException.class)
                        .verify(LONG))
                .thenCancel()
                .verify(LONG);
        port.offer(3);
        StepVerifier.create(port)
                .expectNext(2, 3)
                .then(port::close)
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void nothingIsLostBetweenManySendersAndASlowReceiver() throws Exception {
        PortQueue<Integer> small = PortQueue.keeping("small", 8, null);
        CompletableFuture<@Nullable Void> sent = Flux.range(0, 4)
                .flatMap(sender -> Flux.range(0, 5_000)
                        .concatMap(i -> small.send(sender * 5_000 + i))
                        .subscribeOn(Schedulers.boundedElastic()))
                .then()
                .doOnSuccess(none -> small.close())
                .toFuture();

        Mono<Long> received = small.limitRate(3)
                .publishOn(Schedulers.parallel(), 5)
                .distinct()
                .count();

        StepVerifier.create(received).expectNext(20_000L).expectComplete().verify(Duration.ofSeconds(50));
        sent.get(20, TimeUnit.SECONDS);
    }

    @Test
    void theParentPortCanBeClosedAndTheWorkerGoesOn() throws Exception {
        Worker<String, String> worker = WorkerSpec.<String, String>of(context -> {
                    context.parentPort().messages().subscribe();
                    context.parentPort().postMessage("last");
                    context.parentPort().close();
                    assertThat(context.parentPort().postMessage("closed")).isFalse();
                    context.loop().setTimeout(Duration.ofMillis(5), () -> context.exit(3));
                })
                .start();

        StepVerifier.create(worker.messages())
                .expectNext("last")
                .expectComplete()
                .verify(LONG);
        assertThat(worker.exit().toFuture().get(20, TimeUnit.SECONDS)).isEqualTo(3);
    }

    @Test
    void anUnreferencedPortDoesNotKeepTheWorker() throws Exception {
        Worker<String, String> worker = WorkerSpec.<String, String>of(context -> {
                    context.parentPort().unref().messages().subscribe();
                })
                .start();

        assertThat(worker.exit().toFuture().get(20, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void aFullWorkerIsWaitedFor() throws Exception {
        Worker<Integer, Integer> worker = WorkerSpec.<Integer, Integer>of(context -> context.parentPort()
                        .messages()
                        .limitRate(1)
                        .concatMap(message -> context.parentPort().send(message))
                        .subscribe())
                .queueCapacity(2)
                .start();
        Mono<Void> sending = Flux.range(0, 10_000).concatMap(worker::send).then(Mono.defer(worker::disposeGracefully));
        CompletableFuture<@Nullable Void> sent = sending.toFuture();

        StepVerifier.create(worker.messages().collectList())
                .assertNext(all -> assertThat(all).hasSize(10_000).isSorted())
                .expectComplete()
                .verify(LONG);
        sent.get(20, TimeUnit.SECONDS);
    }
}
