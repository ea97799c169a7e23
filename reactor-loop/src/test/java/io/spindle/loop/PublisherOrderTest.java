// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The rules of Node's promises, where a publisher on the loop stands in for one: waiting, intervals, aborts, errors. */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
class PublisherOrderTest extends OrderingRules {

    private static final Duration HOUR = Duration.ofHours(1);

    private static Mono<Void> immediate(EventLoop loop) {
        return Mono.create(sink -> sink.onDispose(loop.setImmediate(sink::success)));
    }

    /** What Node's AbortSignal is: an error that ends whatever waits together with it. */
    private static Sinks.One<Long> abortSignal() {
        return Sinks.one();
    }

    private static void abort(Sinks.One<Long> signal) {
        signal.emitError(new CancellationException("aborted"), Sinks.EmitFailureHandler.FAIL_FAST);
    }

    private static void log(Flux<Long> source, List<String> log) {
        source.subscribe(
                value -> log.add("value " + value),
                error -> log.add(String.valueOf(error.getMessage())),
                () -> log.add("complete"));
    }

    @Test
    @DisplayName("O-32: with errors that nobody handles thrown, as in Node's default mode, the program ends with 1")
    void anErrorThatNobodyHandles() {
        Hooks.onErrorDropped(error -> {
            throw new IllegalStateException(error.getCause());
        });
        try {
            Throwable thrown = catchThrowable(() -> spec().onExit(code -> log.add("exit " + code))
                    .run(script(loop -> {
                        loop.setTimeout(Duration.ZERO, () -> log.add("timer"));
                        loop.queueMicrotask(() ->
                                Mono.error(new IllegalStateException("nobody")).subscribe());
                    })));

            assertThat(thrown).hasRootCauseMessage("nobody");
        } finally {
            Hooks.resetOnErrorDropped();
        }
        assertThat(log).containsExactly("exit 1");
    }

    @Test
    @DisplayName("O-35: an interval of a Flux delivers at once what came while its consumer was busy")
    void missedTicksAreDeliveredAtOnce() {
        run((loop, log) -> {
            Sinks.Empty<Long> free = Sinks.empty();
            Flux.interval(ms(2), loop)
                    .doOnNext(tick -> {
                        if (tick == 4) {
                            loop.setImmediate(free::tryEmitEmpty);
                        }
                    })
                    .onBackpressureBuffer()
                    .concatMap(tick -> tick == 0 ? free.asMono().thenReturn(tick) : Mono.just(tick))
                    .take(5)
                    .subscribe(tick -> {
                        log.add("tick " + tick);
                        loop.setImmediate(() -> log.add("immediate " + tick));
                    });
        });

        assertThat(log)
                .startsWith("tick 0", "tick 1", "tick 2", "tick 3", "tick 4", "immediate 0")
                .hasSize(10);
    }

    @Test
    @DisplayName("O-40: an immediate behind a Mono runs in its place among the others")
    void immediatesBehindAMono() {
        run((loop, log) -> {
            loop.setImmediate(() -> log.add("1"));
            immediate(loop).doOnSuccess(done -> log.add("mono")).subscribe();
            loop.setImmediate(() -> log.add("2"));
        });

        assertThat(log).containsExactly("1", "mono", "2");
    }

    @Test
    @DisplayName("O-44: a cancel reaches the source at once, in the call itself")
    void cancelIsSynchronous() {
        run((loop, log) -> {
            Disposable work = loop.adopt(Mono.never().doOnCancel(() -> log.add("listener")))
                    .subscribe();
            log.add("before");
            work.dispose();
            log.add("after");
        });

        assertThat(log).containsExactly("before", "listener", "after");
    }

    @Test
    @DisplayName("HT-35: a delay ends with its value, or with the abort during or before it; later aborts do nothing")
    void delaysAndAborts() {
        Sinks.One<Long> during = abortSignal();
        Sinks.One<Long> before = abortSignal();
        Sinks.One<Long> after = abortSignal();
        run((loop, log) -> {
            abort(before);
            log(Mono.firstWithSignal(before.asMono(), Mono.delay(HOUR, loop)).flux(), log);
            log(Mono.firstWithSignal(during.asMono(), Mono.delay(HOUR, loop)).flux(), log);
            loop.nextTick(() -> abort(during));
            loop.setTimeout(
                    ms(1),
                    () -> log(
                            Mono.firstWithSignal(after.asMono(), Mono.delay(ms(1), loop))
                                    .doFinally(end -> abort(after))
                                    .flux(),
                            log));
        });

        assertThat(log).containsExactly("aborted", "aborted", "value 0", "complete");
        for (Sinks.One<Long> signal : List.of(before, during, after)) {
            assertThat(signal.currentSubscriberCount()).isZero();
        }
    }

    @Test
    @DisplayName(
            "HT-37: an interval ends with its consumer or its abort, and leaves no timer that keeps the loop alive")
    void intervalsAndAborts() {
        Sinks.One<Long> signal = abortSignal();
        run((loop, log) -> {
            log(Flux.interval(ms(1), loop).take(2).doFinally(end -> loop.setTimeout(ms(1), () -> abort(signal))), log);
            log(Flux.firstWithSignal(signal.asMono(), Flux.interval(HOUR, loop)), log);
            loop.setInterval(ms(1), () -> {}).unref();
        });

        assertThat(log).containsExactly("value 0", "value 1", "complete", "aborted");
    }

    @Test
    @DisplayName("HT-38: a Mono of an immediate lets microtasks run first, one of a delay comes after it")
    void yielding() {
        run((loop, log) -> {
            loop.queueMicrotask(() -> log.add("micro"));
            immediate(loop).doOnSuccess(done -> log.add("yielded")).subscribe();
            Mono.delay(ms(50), loop).subscribe(waited -> log.add("waited"));
        });

        assertThat(log).containsExactly("micro", "yielded", "waited");
    }

    @Test
    @DisplayName("HT-58: of several aborts the first one counts, once")
    void severalAborts() {
        run((loop, log) -> {
            Sinks.One<Long> first = abortSignal();
            Sinks.One<Long> second = abortSignal();
            log(
                    Mono.firstWithSignal(first.asMono(), second.asMono(), Mono.delay(HOUR, loop))
                            .flux(),
                    log);
            loop.nextTick(() -> {
                abort(second);
                abort(first);
            });
        });

        assertThat(log).containsExactly("aborted");
    }

    @Test
    @DisplayName("O-45: those who listen are told in the order in which they came")
    void listenersInTheirOrder() {
        run((loop, log) -> {
            Sinks.Many<String> emitter = Sinks.many().multicast().directBestEffort();
            emitter.asFlux().subscribe(event -> {
                log.add("first " + event);
                emitter.asFlux().subscribe(later -> log.add("third " + later));
            });
            emitter.asFlux().subscribe(event -> log.add("second " + event));
            emitter.tryEmitNext("a");
            loop.nextTick(() -> emitter.tryEmitNext("b"));
        });

        assertThat(log.subList(0, 5)).containsExactly("first a", "second a", "first b", "second b", "third b");
    }

    @Test
    @DisplayName("O-30, O-31, HT-55: an error without a handler is dropped at once; a later subscriber is told it anew")
    void anErrorThatIsHandledLateOrNever() {
        Hooks.onErrorDropped(error -> log.add("dropped " + error.getCause()));
        try {
            run((loop, log) -> {
                Mono<String> failing = Mono.error(new IllegalStateException("failed"));
                failing.subscribe();
                log.add("script");
                loop.queueMicrotask(() -> log.add("microtask"));
                loop.setImmediate(() -> failing.subscribe(value -> {}, error -> log.add("handled late")));
            });
        } finally {
            Hooks.resetOnErrorDropped();
        }

        assertThat(log)
                .containsExactly(
                        "dropped java.lang.IllegalStateException: failed", "script", "microtask", "handled late");
    }
}
