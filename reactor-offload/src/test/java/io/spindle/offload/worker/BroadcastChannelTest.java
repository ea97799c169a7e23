// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class BroadcastChannelTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final BroadcastChannel<Integer> sender = BroadcastChannel.open("numbers", Integer.class);
    private final BroadcastChannel<Integer> first = BroadcastChannel.open("numbers", Integer.class, 2);
    private final BroadcastChannel<Integer> second = BroadcastChannel.open("numbers", Integer.class);

    @AfterEach
    void close() {
        sender.close();
        first.close();
        second.close();
    }

    @Test
    void anEndThatIsFullIsLeftOutByPostAndWaitedForBySend() {
        StepVerifier.create(first.messages(), 0)
                .then(() -> {
                    assertThat(sender.postMessage(1)).isTrue();
                    assertThat(sender.postMessage(2)).isTrue();
                    assertThat(sender.postMessage(3)).isFalse();
                })
                .then(() -> {
                    CompletableFuture<@Nullable Void> sent = sender.send(4).toFuture();
                    assertThat(sent).isNotDone();
                })
                .thenRequest(3)
                .expectNext(1, 2, 4)
                .thenCancel()
                .verify(LONG);
    }

    @Test
    void anEndWithoutASubscriberMissesMessagesAndHoldsNobodyUp() {
        StepVerifier.create(Flux.range(0, 1_000).concatMap(sender::send))
                .expectComplete()
                .verify(LONG);

        StepVerifier.create(first.messages())
                .then(() -> sender.postMessage(1))
                .expectNext(1)
                .thenCancel()
                .verify(LONG);
    }

    @Test
    void aReceiverThatLeavesOrClosesReleasesWhoWaitsForIt() {
        for (Runnable leaving : List.<Runnable>of(() -> {}, first::close)) {
            CompletableFuture<?>[] sent = new CompletableFuture<?>[1];
            StepVerifier.create(first.messages(), 0)
                    .then(() -> {
                        sender.postMessage(1);
                        sender.postMessage(2);
                        sent[0] = sender.send(3).toFuture();
                    })
                    .then(leaving)
                    .thenCancel()
                    .verify(LONG);
            assertThat(sent[0]).succeedsWithin(LONG);
        }
    }

    @Test
    void allWorkersGetWhatOneEndSends() {
        List<Worker<Void, Integer>> workers = Flux.range(0, 4)
                .map(i -> WorkerSpec.<Void, Integer>of(context -> {
                            BroadcastChannel<Integer> end = BroadcastChannel.open("numbers", Integer.class);
                            end.messages()
                                    .take(100)
                                    .collectList()
                                    .doFinally(signal -> end.close())
                                    .subscribe(all -> context.parentPort().postMessage(all.get(99)));
                            context.parentPort().postMessage(-1);
                        })
                        .start())
                .collectList()
                .blockOptional()
                .orElseThrow();
        Flux.fromIterable(workers)
                .flatMap(worker -> worker.messages().next())
                .then()
                .block(LONG);

        Mono<Void> sending = Flux.range(0, 100).concatMap(sender::send).then();

        StepVerifier.create(sending.thenMany(Flux.fromIterable(workers)
                        .flatMap(worker -> worker.messages().next())))
                .expectNext(99, 99, 99, 99)
                .expectComplete()
                .verify(LONG);
        workers.forEach(worker -> worker.exit().block(LONG));
    }

    @Test
    @DisplayName("HW-04: a closed end may be closed again, and to post on it is an error")
    void afterTheCloseAMessageIsAMistake() {
        sender.close();
        sender.close();

        assertThatThrownBy(() -> sender.postMessage(1)).isInstanceOf(PortClosedException.class);
        StepVerifier.create(sender.send(1))
                .expectError(PortClosedException.class)
                .verify(LONG);
        StepVerifier.create(sender.messages()).expectComplete().verify(LONG);
    }

    @Test
    void aNameHasOneTypeWhileItIsOpen() {
        assertThatThrownBy(() -> BroadcastChannel.open("numbers", String.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("broadcast channel numbers is open for messages of type java.lang.Integer, not"
                        + " java.lang.String");
        close();
        BroadcastChannel.open("numbers", String.class).close();
    }
}
