// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.tcp.TcpServer;
import reactor.util.context.Context;

/** What keeps a program alive, and what does not. */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
class LivenessTest {

    @Parameter
    @SuppressWarnings("NullAway.Init")
    Transport transport;

    private final List<String> log = new ArrayList<>();

    private void run(Consumer<EventLoop> program) {
        transport.run(program);
    }

    @Test
    void anOpenHandleKeepsTheLoopAliveUntilItIsDisposedOnAnyThread() {
        run(loop -> {
            Handle handle = loop.open("test");
            Mono.delay(Duration.ofMillis(30), Schedulers.parallel()).subscribe(tick -> {
                log.add("dispose");
                handle.dispose();
            });
        });

        assertThat(log).containsExactly("dispose");
    }

    @Test
    void anUnreferencedHandleDoesNot() {
        run(loop -> {
            Handle handle = loop.open("test");
            assertThat(handle.unref().hasRef()).isFalse();
            log.add("end");
        });

        assertThat(log).containsExactly("end");
    }

    @Test
    void theCloseCallbackRunsAfterTheImmediatesOfTheTurnAndKeepsTheLoopAlive() {
        run(loop -> {
            Handle handle = loop.open("test", () -> log.add("close"));
            loop.setImmediate(() -> {
                log.add("immediate 1");
                loop.setTimeout(Duration.ZERO, () -> log.add("timeout"));
                handle.dispose();
                handle.dispose();
                loop.nextTick(() -> log.add("tick"));
            });
            loop.setImmediate(() -> log.add("immediate 2"));
        });

        assertThat(log).containsExactly("immediate 1", "tick", "immediate 2", "close", "timeout");
    }

    @Test
    void anAdoptedFluxKeepsTheLoopAliveAndACancelledOneDoesNot() {
        run(loop -> {
            loop.adopt(Flux.interval(Duration.ofMillis(5), Schedulers.parallel())
                            .take(3))
                    .subscribe(
                            tick -> log.add(tick + " " + loop.inLoop()),
                            Throwable::printStackTrace,
                            () -> log.add("complete"));
            Disposable endless = loop.adopt(Mono.never()).subscribe();
            loop.setTimeout(Duration.ofMillis(1), endless::dispose);
        });

        assertThat(log).containsExactly("0 true", "1 true", "2 true", "complete");
    }

    @Test
    void theContextOfReactorReachesAnAdoptedSource() {
        run(loop -> loop.adopt(Mono.deferContextual(
                        context -> Mono.just((String) context.get("key")).subscribeOn(Schedulers.boundedElastic())))
                .contextWrite(Context.of("key", "value"))
                .subscribe(log::add));

        assertThat(log).containsExactly("value");
    }

    @Test
    void anErrorOfAnAdoptedSourceArrivesOnTheLoop() {
        run(loop -> loop.adopt(Mono.error(new IllegalStateException("boom")).subscribeOn(Schedulers.boundedElastic()))
                .subscribe(value -> {}, error -> log.add(error.getMessage() + " " + loop.inLoop())));

        assertThat(log).containsExactly("boom true");
    }

    @Test
    void onCurrentAdoptsOnALoopAndPassesThroughElsewhere() {
        Mono<String> where = Mono.fromCallable(() -> Thread.currentThread().getName());

        run(loop -> EventLoop.onCurrent(where.subscribeOn(Schedulers.boundedElastic()))
                .subscribe(name -> log.add(String.valueOf(loop.inLoop()))));

        assertThat(log).containsExactly("true");
        assertThat(EventLoop.onCurrent(where).block(Duration.ofSeconds(20)))
                .isEqualTo(Thread.currentThread().getName());
        assertThat(EventLoop.onCurrent(Flux.just(1, 2)).collectList().block(Duration.ofSeconds(20)))
                .containsExactly(1, 2);
    }

    @Test
    void anOpenServerKeepsTheLoopAlive() {
        run(loop -> {
            TcpServer.create()
                    .host("127.0.0.1")
                    .port(0)
                    .runOn(loop.resources())
                    .bind()
                    .subscribe(bound -> {
                        log.add("bound");
                        loop.setTimeout(Duration.ofMillis(20), () -> {
                            log.add("resources " + loop.metrics().resources().contains("Channel"));
                            bound.dispose();
                        });
                    });
        });

        assertThat(log).containsExactly("bound", "resources true");
    }

    @Test
    void runIsRefusedOnALoopAndOnAnyThreadThatMustNotBlock() {
        run(loop -> assertThatThrownBy(() -> EventLoop.run(inner -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("must not block"));

        Mono<Integer> nested =
                Mono.fromCallable(() -> EventLoop.run(inner -> {})).subscribeOn(Schedulers.parallel());
        assertThatThrownBy(() -> nested.block(Duration.ofSeconds(20))).hasMessageContaining("parallel");
    }

    @Test
    void anInterruptedRunEndsItsLoop() throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<EventLoop> of = new AtomicReference<>();
        Thread caller = new Thread(() -> {
            try {
                run(loop -> {
                    of.set(loop);
                    loop.open("for ever");
                });
            } catch (IllegalStateException e) {
                thrown.set(e);
            }
        });
        caller.start();
        caller.interrupt();
        caller.join(20_000);

        assertThat(thrown.get()).hasMessageContaining("interrupted");
        if (of.get() != null) {
            of.get().onDispose().block(Duration.ofSeconds(20)); // it may have been interrupted before it began
        }
    }

    @Test
    void theSharedLoopCannotBeDisposed() {
        EventLoop shared = EventLoop.shared();

        shared.dispose();
        shared.exit(1);

        assertThat(shared.isDisposed()).isFalse();
        assertThat(Mono.fromCallable(shared::inLoop).subscribeOn(shared).block(Duration.ofSeconds(20)))
                .isTrue();
        assertThat(EventLoop.shared()).isSameAs(shared);
    }
}
