// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class EventLoopRunTest {

    @Test
    void runReturnsWhenNothingIsLeftToDo() {
        List<String> log = new ArrayList<>();

        int code = EventLoop.run(loop -> {
            log.add("start");
            loop.setTimeout(Duration.ofMillis(100), () -> log.add("timeout"));
            loop.setImmediate(() -> log.add("immediate"));
            loop.queueMicrotask(() -> log.add("micro"));
            loop.nextTick(() -> log.add("tick"));
            log.add("end");
        });

        assertThat(code).isZero();
        assertThat(log).containsExactly("start", "end", "tick", "micro", "immediate", "timeout");
    }

    @Test
    void anAdoptedPublisherKeepsTheLoopAliveAndSignalsOnIt() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> {
            loop.adopt(Mono.fromCallable(() -> "value").subscribeOn(Schedulers.boundedElastic()))
                    .doFinally(end -> log.add("finally " + loop.inLoop()))
                    .subscribe(value -> log.add(value + " " + loop.equals(EventLoop.current())));
            log.add("end");
        });

        assertThat(log).containsExactly("end", "value true", "finally true");
    }

    @Test
    void anUncaughtErrorEndsTheRunAndIsThrownByIt() {
        AtomicInteger code = new AtomicInteger();
        EventLoopSpec spec = EventLoopSpec.of("main").onExit(code::set);

        assertThatThrownBy(() -> spec.run(loop -> {
                    loop.setTimeout(Duration.ofDays(1), () -> {});
                    loop.setImmediate(() -> {
                        throw new IllegalArgumentException("boom");
                    });
                }))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("boom");
        assertThat(code).hasValue(1);
    }

    @Test
    void exitReturnsItsCodeAndDropsWhatIsPending() {
        List<String> log = new ArrayList<>();

        int code = EventLoop.run(loop -> {
            loop.setTimeout(Duration.ofMillis(1), () -> log.add("timeout"));
            loop.nextTick(() -> log.add("tick"));
            loop.exit(3);
        });

        assertThat(code).isEqualTo(3);
        assertThat(log).isEmpty();
    }

    @Test
    void exitFromAnotherThreadKeepsItsCode() {
        for (int round = 0; round < 200; round++) {
            int code = EventLoop.run(loop -> {
                Handle handle = loop.open("test");
                Thread other = new Thread(() -> {
                    loop.exit(7);
                    handle.dispose();
                });
                other.start();
            });

            assertThat(code).isEqualTo(7);
        }
    }

    @Test
    void exitFromAnotherThreadKeepsItsCodeWhateverTheCallbackAndTheExitHookGoOnToDo() throws InterruptedException {
        AtomicInteger code = new AtomicInteger();
        List<EventLoop> loops = new ArrayList<>();
        EventLoopSpec spec = EventLoopSpec.of("main").onExit(exit -> {
            code.set(exit);
            loops.get(0).nextTick(() -> {});
            loops.get(0).setTimeout(Duration.ofMillis(1), () -> {});
            loops.get(0).schedule(() -> {});
            loops.get(0).schedule(() -> {}, 1, TimeUnit.MILLISECONDS);
            loops.get(0).schedulePeriodically(() -> {}, 1, 1, TimeUnit.MILLISECONDS);
        });

        int result = spec.run(loop -> {
            loops.add(loop);
            Thread other = new Thread(() -> loop.exit(7));
            other.start();
            while (!loop.isDisposed()) {
                // a callback that computes
            }
            loop.setTimeout(Duration.ofMillis(1), () -> {}); // refused, and that is no uncaught error of the program
        });

        assertThat(result).isEqualTo(7);
        assertThat(code).hasValue(7);
    }

    @Test
    void whatTheExitHookOfANaturalEndStartsIsTakenAndNeverRuns() {
        List<String> ran = new ArrayList<>();
        List<EventLoop> loops = new ArrayList<>();
        EventLoopSpec spec = EventLoopSpec.of("main").onExit(exit -> {
            loops.get(0).nextTick(() -> ran.add("tick"));
            loops.get(0).schedule(() -> ran.add("task"));
            loops.get(0).setTimeout(Duration.ofMillis(1), () -> ran.add("timer"));
            loops.get(0).schedule(() -> ran.add("delayed"), 1, TimeUnit.MILLISECONDS);
        });

        assertThat(spec.run(loops::add)).isZero();
        assertThat(ran).isEmpty();
    }

    @Test
    void microtasksOfTheExitHookRunAndMayChangeTheCodeAndWhatTheyStartIsTaken() {
        List<String> ran = new ArrayList<>();
        List<EventLoop> loops = new ArrayList<>();
        EventLoopSpec spec = EventLoopSpec.of("main")
                .onExit(exit -> loops.get(0).queueMicrotask(() -> {
                    ran.add("microtask");
                    loops.get(0).schedule(() -> ran.add("task"));
                    loops.get(0).exit(9);
                }));

        assertThat(spec.run(loops::add)).isEqualTo(9);
        assertThat(ran).containsExactly("microtask");
    }

    @Test
    void whatAMicrotaskOfTheExitHookThrowsIsThrownByRun() {
        List<EventLoop> loops = new ArrayList<>();
        EventLoopSpec spec = EventLoopSpec.of("main")
                .onExit(exit -> loops.get(0).queueMicrotask(() -> {
                    throw new IllegalArgumentException("boom");
                }));

        assertThatThrownBy(() -> spec.run(loops::add)).hasMessage("boom");
    }

    @Test
    void anExitHookMayThrowTheErrorThatEndedTheProgram() {
        IllegalStateException error = new IllegalStateException("boom");
        List<String> ran = new ArrayList<>();
        EventLoopSpec spec = EventLoopSpec.of("main").onExit(exit -> {
            throw error;
        });

        assertThatThrownBy(() -> spec.run(loop -> {
                    loop.schedule(() -> ran.add("task"));
                    throw error;
                }))
                .isSameAs(error);
        assertThat(ran).isEmpty();
    }

    @Test
    void whatTheExitHookThrowsAfterAnUncaughtErrorIsSuppressedInIt() {
        EventLoopSpec spec = EventLoopSpec.of("main").onExit(exit -> {
            throw new IllegalStateException("in the hook of " + exit);
        });

        assertThatThrownBy(() -> spec.run(loop -> {
                    throw new IllegalArgumentException("boom");
                }))
                .hasMessage("boom")
                .satisfies(error -> assertThat(error.getSuppressed())
                        .anySatisfy(each -> assertThat(each).hasMessage("in the hook of 1")));
    }

    @Test
    void aProgramCanRunWithoutBlockingItsCaller() {
        Mono<Integer> program =
                EventLoopSpec.of("main").start(loop -> loop.setTimeout(Duration.ofMillis(5), () -> loop.exit(4)));

        StepVerifier.create(program).expectNext(4).expectComplete().verify(Duration.ofSeconds(20));
        StepVerifier.create(EventLoopSpec.of("main").start(loop -> {
                    throw new IllegalStateException("boom");
                }))
                .expectErrorMessage("boom")
                .verify(Duration.ofSeconds(20));
        StepVerifier.create(EventLoopSpec.of("main").start(loop -> loop.open("for ever")))
                .thenCancel()
                .verify(Duration.ofSeconds(20));
    }
}
