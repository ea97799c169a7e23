// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class ReadinessTest {

    private static final int CHANGES = 200_000;

    private final EventLoop loop = EventLoopSpec.of("readiness").start();

    @AfterEach
    void stop() {
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    /** What one thread finds is not what it has set only if the other one has written what it had computed before. */
    @Test
    void twoChangesAtOnceAreBothThere() {
        Connections connections = new Connections(loop);
        Readiness readiness = new Readiness(connections);
        AtomicBoolean end = new AtomicBoolean();
        Mono<Void> conditions = Mono.<Void>fromRunnable(() -> Spin.until(() -> {
                    readiness.addCondition();
                    readiness.conditionHolds();
                    return end.get();
                }))
                .subscribeOn(Schedulers.boundedElastic());
        Mono<Void> pauses = Mono.<Void>fromRunnable(() -> {
                    for (int i = 0; i < CHANGES; i++) {
                        readiness.pause(true);
                        assertThat(connections.acceptsFromAll())
                                .as("pause %d", i)
                                .isFalse();
                        readiness.pause(false);
                    }
                })
                .subscribeOn(Schedulers.boundedElastic())
                .doFinally(signal -> end.set(true));

        Mono.when(conditions, pauses).block(Probe.PATIENCE);

        assertThat(connections.acceptsFromAll()).isTrue();
    }

    @Test
    void aPauseHoldsTheSharedSocketsOnly() {
        Connections connections = new Connections(loop);
        Readiness readiness = new Readiness(connections);
        readiness.addCondition();
        assertThat(connections.acceptsFromAll()).isFalse();
        assertThat(connections.acceptsFromOwn()).isFalse();

        readiness.conditionHolds();
        readiness.pause(true);
        assertThat(connections.acceptsFromAll()).isFalse();
        assertThat(connections.acceptsFromOwn()).isTrue();

        readiness.pause(false);
        assertThat(connections.acceptsFromAll()).isTrue();
    }

    @Test
    void aWorkerThatIsHeldIsReadyButServesLater() {
        Readiness readiness = new Readiness(new Connections(loop));
        readiness.pause(true);
        readiness.up();
        StepVerifier.create(readiness.ready()).verifyComplete();
        CompletableFuture<?> serving = readiness.serving().toFuture();
        assertThat(serving).isNotDone();
        readiness.pause(false);
        assertThat(serving).isDone();
        readiness.pause(true);
        StepVerifier.create(readiness.serving()).verifyComplete();
    }

    @Test
    void aWorkerThatIsNotReadyDoesNotServe() {
        Readiness readiness = new Readiness(new Connections(loop));
        readiness.addCondition();
        readiness.up();
        readiness.pause(true);
        readiness.pause(false);
        CompletableFuture<?> serving = readiness.serving().toFuture();
        assertThat(serving).isNotDone();
        readiness.conditionHolds();
        assertThat(serving).isDone();
    }
}
