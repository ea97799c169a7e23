// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

@ExtendWith(LeakCheck.class)
class BlockingPoolLoopTest {

    private final BlockingPool pool =
            BlockingPoolSpec.of("loop-calls").threads(2).start();

    @AfterEach
    void disposePool() {
        pool.dispose();
    }

    @Test
    void theLoopStaysAliveAndTheResultComesHome() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> {
            pool.call(() -> EventLoop.current() == null ? "off" : "on")
                    .subscribe(value -> log.add(value + " " + loop.inLoop()));
            pool.call(() -> {
                        throw new IllegalStateException("boom");
                    })
                    .subscribe(value -> {}, error -> log.add(error.getMessage() + " " + loop.inLoop()));
            log.add("end");
        });

        assertThat(log).startsWith("end").containsExactlyInAnyOrder("end", "off true", "boom true");
    }

    @Test
    void aCallThatWasCancelledLetsTheLoopGo() throws Exception {
        Gate gate = new Gate(1);
        CompletableFuture<@Nullable Integer> other = pool.call(gate.then(1)).toFuture();
        gate.awaitArrival();

        int code = EventLoop.run(loop -> {
            Disposable call = pool.call(gate.then(2)).subscribe();
            loop.setTimeout(Duration.ofMillis(1), call::dispose);
        });

        assertThat(code).isZero();
        assertThat(other).isNotDone();
        gate.open();
        assertThat(other.get(20, TimeUnit.SECONDS)).isEqualTo(1);
    }

    @Test
    void aTimeOutComesHomeToo() {
        List<String> log = new ArrayList<>();
        Gate gate = new Gate(1);

        EventLoop.run(loop -> pool.call(gate.then(1), Duration.ofMillis(5))
                .subscribe(
                        value -> log.add("value"),
                        error -> log.add((error instanceof TimeoutException) + " " + loop.inLoop())));

        assertThat(log).containsExactly("true true");
    }

    @Test
    void aRefusalComesHomeThoughAnotherThreadAskedForTheValue() {
        List<String> log = new ArrayList<>();
        pool.dispose();

        EventLoop.run(loop -> pool.call(() -> 1)
                .doOnError(error -> log.add("refused " + loop.inLoop()))
                .onErrorComplete()
                .as(call -> requestedFromElsewhere(call))
                .subscribe());

        assertThat(log).containsExactly("refused true");
    }

    private static <T> Flux<T> requestedFromElsewhere(Mono<T> source) {
        return source.flux()
                .limitRate(1)
                .as(flux -> Flux.<T>create(sink -> {
                    var subscriber = new reactor.core.publisher.BaseSubscriber<T>() {
                        @Override
                        protected void hookOnSubscribe(org.reactivestreams.Subscription subscription) {
                            Schedulers.parallel().schedule(() -> request(1));
                        }

                        @Override
                        protected void hookOnComplete() {
                            sink.complete();
                        }
                    };
                    flux.subscribe(subscriber);
                }));
    }

    @Test
    void aLoopThatIsDisposedEndsItsCallsAndTheirSubscribersAreTold() throws Exception {
        EventLoop loop = EventLoop.create("dying");
        Gate gate = new Gate(1);
        CompletableFuture<Object> end = new CompletableFuture<>();
        loop.schedule(() -> pool.call(gate.then("value")).subscribe(end::complete, end::complete));
        gate.awaitArrival();

        loop.dispose();

        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(RejectedExecutionException.class);
        Spin.until(() -> pool.metrics().running() == 0); // the gate is closed: it was interrupted
    }

    @Test
    void theResultOfACallWhoseLoopIsDisposedIsDiscarded() throws Exception {
        EventLoop loop = EventLoop.create("dying");
        CountDownLatch ran = new CountDownLatch(1);
        CompletableFuture<Object> end = new CompletableFuture<>();
        CompletableFuture<Object> discarded = new CompletableFuture<>();
        loop.schedule(() -> {
            pool.call(() -> "value")
                    .doOnDiscard(String.class, discarded::complete)
                    .subscribe(end::complete, end::complete);
            Spin.until(() -> pool.metrics().completed() == 1 && pool.metrics().running() == 0);
            ran.countDown();
            loop.dispose();
        });

        assertThat(ran.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(RejectedExecutionException.class);
        assertThat(discarded.get(20, TimeUnit.SECONDS)).isEqualTo("value");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMapWhoseLoopIsDisposedEndsAndItsSubscriberIsTold(boolean ordered) throws Exception {
        EventLoop loop = EventLoop.create("dying");
        Gate gate = new Gate(1);
        CompletableFuture<Object> end = new CompletableFuture<>();
        CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
        loop.schedule(() -> Flux.<Integer>never()
                .startWith(1)
                .doOnCancel(() -> cancelled.complete(true))
                .transform(mapping(ordered, i -> gate.then(i).call()))
                .subscribe(end::complete, end::complete));
        gate.awaitArrival();

        loop.dispose();

        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(RejectedExecutionException.class);
        assertThat(cancelled.get(20, TimeUnit.SECONDS)).isTrue();
        Spin.until(() -> pool.metrics().running() == 0); // the gate is closed: it was interrupted
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAMapHasDoneAndWhatItWasToDoIsDiscardedWhenItsLoopIsDisposed(boolean ordered) throws Exception {
        EventLoop loop = EventLoop.create("dying");
        List<Object> discarded = new CopyOnWriteArrayList<>();
        List<Object> dropped = new CopyOnWriteArrayList<>();
        CompletableFuture<Object> end = new CompletableFuture<>();
        loop.schedule(() -> {
            Flux.just(1, 2)
                    .transform(mapping(ordered, i -> {
                        if (i == 2) {
                            throw new IllegalStateException("two");
                        }
                        return i;
                    }))
                    .doOnDiscard(Integer.class, discarded::add)
                    .contextWrite(
                            context -> context.put("reactor.onErrorDropped.local", (Consumer<Throwable>) dropped::add))
                    .subscribe(end::complete, end::complete);
            Spin.until(() -> pool.metrics().completed() == 2 && pool.metrics().running() == 0);
            loop.dispose(); // the turn that was posted for the values is behind this
        });

        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(RejectedExecutionException.class);
        assertThat(discarded).containsExactly(1);
        assertThat(dropped).singleElement().isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aMapWithNothingToDoIsToldOfTheEndOfItsLoop() throws Exception {
        EventLoop loop = EventLoop.create("dying");
        CompletableFuture<Object> end = new CompletableFuture<>();
        loop.schedule(() -> {
            Flux.<Integer>never().transform(pool.map(i -> i)).subscribe(end::complete, end::complete);
            assertThat(loop.metrics().resources()).contains("BlockingPool.map");
            loop.dispose();
        });

        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void aMapOnALoopThatHasEndedIsRefused() throws Exception {
        EventLoop loop = EventLoop.create("dying");
        CompletableFuture<Object> end = new CompletableFuture<>();
        loop.schedule(() -> {
            loop.dispose();
            Flux.just(1).transform(pool.map(i -> i)).subscribe(end::complete, end::complete);
        });

        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void aMapWhoseValuesAreAlwaysThereLeavesTheLoopItsTurns() {
        AtomicInteger seen = new AtomicInteger();
        CompletableFuture<Integer> seenByTheNext = new CompletableFuture<>();
        int all = 2_000;

        EventLoop.run(loop -> Flux.range(0, all)
                .transform(pool.mapUnordered(i -> i, all))
                .subscribe(i -> {
                    if (seen.incrementAndGet() == 1) {
                        loop.schedule(() -> seenByTheNext.complete(seen.get()));
                        Spin.until(() -> pool.metrics().completed() == all);
                    }
                }));

        assertThat(seen).hasValue(all);
        assertThat(seenByTheNext.join()).isLessThan(all / 2);
    }

    private Function<Flux<Integer>, Flux<Object>> mapping(boolean ordered, Mapper mapper) {
        Function<Integer, Object> function = i -> {
            try {
                return mapper.map(i);
            } catch (Exception error) {
                throw Exceptions.propagate(error);
            }
        };
        return ordered ? pool.map(function) : pool.mapUnordered(function);
    }

    private interface Mapper {

        Object map(Integer input) throws Exception;
    }

    @Test
    void aMapComesHomeInOrder() {
        List<Integer> log = new ArrayList<>();

        EventLoop.run(loop -> Flux.range(0, 1000)
                .transform(pool.map(i -> {
                    assertThat(EventLoop.current()).isNull();
                    return i * 2;
                }))
                .doOnNext(i -> assertThat(loop.inLoop()).isTrue())
                .subscribe(log::add));

        assertThat(log).hasSize(1000).isSorted();
    }

    @Test
    void cancellingAMapLetsTheLoopGo() {
        List<Integer> log = new ArrayList<>();

        EventLoop.run(loop -> Flux.range(0, Integer.MAX_VALUE)
                .transform(pool.mapUnordered(i -> i))
                .take(10)
                .subscribe(log::add));

        assertThat(log).hasSize(10);
    }

    @Test
    void aThousandCallsFromALoopAllComeHome() {
        List<Integer> log = new ArrayList<>();

        EventLoop.run(loop ->
                Flux.range(0, 20_000).flatMap(i -> pool.call(() -> i), 64).subscribe(log::add));

        assertThat(log).hasSize(20_000);
    }
}
