// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** Ticks and microtasks: when they run, and in which order. */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
class TickAndMicrotaskOrderTest extends OrderingRules {

    @Test
    @DisplayName("O-01: main code, then ticks, then microtasks, then timeout and immediate in either order")
    void mainThenTicksThenMicrotasks() {
        run((loop, log) -> {
            log.add("sync");
            loop.setTimeout(Duration.ZERO, () -> log.add("timeout"));
            loop.setImmediate(() -> log.add("immediate"));
            loop.queueMicrotask(() -> log.add("micro"));
            loop.nextTick(() -> log.add("tick"));
            log.add("end");
        });

        assertThat(log.subList(0, 4)).containsExactly("sync", "end", "tick", "micro");
        assertThat(log.subList(4, 6)).containsExactlyInAnyOrder("timeout", "immediate");
    }

    @Test
    @DisplayName("O-03: ticks empty before microtasks, and again after them")
    void ticksBeforeMicrotasks() {
        run((loop, log) -> {
            loop.nextTick(() -> {
                log.add("t1");
                loop.queueMicrotask(() -> log.add("micro-of-t1"));
            });
            loop.nextTick(() -> log.add("t2"));
            loop.queueMicrotask(() -> {
                log.add("m1");
                loop.nextTick(() -> log.add("tick-of-m1"));
            });
            loop.queueMicrotask(() -> log.add("m2"));
        });

        assertThat(log).containsExactly("t1", "t2", "m1", "m2", "micro-of-t1", "tick-of-m1");
    }

    @Test
    @DisplayName("O-04: a tick's ticks run before any microtask")
    void nestedTicks() {
        run((loop, log) -> {
            loop.queueMicrotask(() -> log.add("micro"));
            loop.nextTick(() -> {
                log.add("t1");
                loop.nextTick(() -> {
                    log.add("t1.1");
                    loop.nextTick(() -> log.add("t1.1.1"));
                });
            });
        });

        assertThat(log).containsExactly("t1", "t1.1", "t1.1.1", "micro");
    }

    @Test
    @DisplayName("O-05: a microtask's microtasks run before a timer")
    void nestedMicrotasks() {
        run((loop, log) -> {
            loop.setTimeout(Duration.ZERO, () -> log.add("timeout"));
            chain(loop, log, 1);
        });

        assertThat(log).containsExactly("m1", "m2", "m3", "m4", "m5", "timeout");
    }

    private static void chain(EventLoop loop, List<String> log, int number) {
        loop.queueMicrotask(() -> {
            log.add("m" + number);
            if (number < 5) {
                chain(loop, log, number + 1);
            }
        });
    }

    @Test
    @DisplayName("O-06: ticks and microtasks run between two immediates")
    void drainBetweenImmediates() {
        run((loop, log) -> {
            loop.setImmediate(() -> {
                log.add("i1");
                loop.queueMicrotask(() -> log.add("micro"));
                loop.nextTick(() -> log.add("tick"));
            });
            loop.setImmediate(() -> log.add("i2"));
        });

        assertThat(log).containsExactly("i1", "tick", "micro", "i2");
    }

    @Test
    @DisplayName("O-07, O-08: ticks and microtasks run between two timers, of one list or of two")
    void drainBetweenTimers() {
        run((loop, log) -> {
            loop.setTimeout(ms(1), () -> {
                log.add("A");
                loop.queueMicrotask(() -> log.add("micro"));
                loop.nextTick(() -> log.add("tick"));
            });
            loop.setTimeout(ms(1), () -> {
                log.add("B");
                loop.nextTick(() -> log.add("tickB"));
            });
            loop.setTimeout(ms(2), () -> log.add("C"));
            block(10);
        });

        assertThat(log).containsExactly("A", "tick", "micro", "B", "tickB", "C");
    }

    @Test
    @DisplayName("O-46: ticks and microtasks run between two posted tasks")
    void drainBetweenPostedTasks() {
        run((loop, log) -> {
            for (int i = 1; i <= 2; i++) {
                int number = i;
                loop.schedule(() -> {
                    log.add("task" + number);
                    loop.queueMicrotask(() -> log.add("micro" + number));
                    loop.nextTick(() -> log.add("tick" + number));
                });
            }
        });

        assertThat(log).containsExactly("task1", "tick1", "micro1", "task2", "tick2", "micro2");
    }

    @Test
    @DisplayName("O-38: inside a microtask the next microtask comes before a tick")
    void microtaskBeforeTickInsideAMicrotask() {
        run((loop, log) -> loop.queueMicrotask(() -> {
            loop.nextTick(() -> log.add("tick"));
            loop.queueMicrotask(() -> log.add("micro"));
        }));

        assertThat(log).containsExactly("micro", "tick");
    }

    @Test
    @DisplayName("O-09, O-10, HT-04: ticks and microtasks that queue themselves starve the timers")
    void ticksAndMicrotasksStarve() {
        run((loop, log) -> {
            loop.setTimeout(Duration.ZERO, () -> log.add("timeout"));
            loop.setImmediate(() -> log.add("immediate"));
            spin(loop::nextTick, 60, () -> log.add("ticks over"));
            spin(loop::queueMicrotask, 60, () -> log.add("micros over"));
        });

        assertThat(log)
                .startsWith("ticks over", "micros over")
                .containsExactlyInAnyOrder("ticks over", "micros over", "timeout", "immediate");
    }

    /** Queues itself again and again, from its first run on for so long. */
    private static void spin(Consumer<Runnable> queue, long millis, Runnable end) {
        queue.accept(() -> spinUntil(System.nanoTime() + millis * 1_000_000, queue, end));
    }

    private static void spinUntil(long deadline, Consumer<Runnable> queue, Runnable end) {
        if (System.nanoTime() - deadline < 0) {
            queue.accept(() -> spinUntil(deadline, queue, end));
        } else {
            end.run();
        }
    }

    @Test
    @DisplayName("HT-08: the last of 2047 ticks clears the immediate")
    void manyTicks() {
        AtomicInteger ticks = new AtomicInteger();
        run((loop, log) -> loop.queueMicrotask(() -> {
            Handle immediate = loop.setImmediate(() -> log.add("immediate"));
            for (int i = 0; i < 2046; i++) {
                loop.nextTick(ticks::incrementAndGet);
            }
            loop.nextTick(immediate::dispose);
        }));

        assertThat(ticks).hasValue(2046);
        assertThat(log).isEmpty();
    }

    @Test
    @DisplayName("HT-01, HT-14: a tick of a timer's microtask runs before the next timer")
    void tickOfAMicrotaskOfATimer() {
        run((loop, log) -> {
            loop.setTimeout(ms(1), () -> loop.queueMicrotask(() -> loop.nextTick(() -> log.add("tick"))));
            loop.setTimeout(ms(1), () -> log.add("timer"));
            loop.setImmediate(() -> loop.queueMicrotask(() -> loop.nextTick(() -> log.add("tick of immediate"))));
            loop.setImmediate(() -> log.add("immediate"));
            block(5);
        });

        assertThat(log.indexOf("tick")).isLessThan(log.indexOf("timer"));
        assertThat(log.indexOf("tick of immediate")).isLessThan(log.indexOf("immediate"));
    }

    @Test
    @DisplayName("HT-05, HT-13: a tick is before every timer")
    void tickBeforeTimers() {
        run((loop, log) -> {
            for (int delay = 0; delay < 30; delay++) {
                loop.setTimeout(ms(delay), () -> log.add("timer"));
            }
            loop.queueMicrotask(() -> loop.nextTick(() -> log.add("tick")));
            block(40);
        });

        assertThat(log).hasSize(31).startsWith("tick");
    }

    @Test
    @DisplayName("O-28, HT-02: a tick that throws does not lose those after it")
    void throwingTick() {
        runHandled((loop, log) -> {
            loop.queueMicrotask(() -> log.add("micro"));
            loop.nextTick(() -> {
                log.add("A");
                throw new IllegalStateException("A");
            });
            loop.nextTick(() -> log.add("C"));
        });

        assertThat(log).containsExactly("A", "handler:A", "C", "micro");
    }

    @Test
    @DisplayName("O-29: a microtask that throws does not lose those after it")
    void throwingMicrotask() {
        runHandled((loop, log) -> {
            loop.queueMicrotask(failing("m1"));
            loop.queueMicrotask(() -> log.add("m2"));
            loop.nextTick(() -> log.add("tick"));
        });

        assertThat(log).containsExactly("tick", "handler:m1", "m2");
    }

    @Test
    @DisplayName("HT-11: microtasks run in the order they were queued, whoever queues them")
    void microtasksOfDifferentOrigin() {
        run((loop, log) -> {
            Mono<String> kept = Mono.<String>create(sink -> loop.queueMicrotask(() -> sink.success("a")));
            Mono<String> failed =
                    Mono.create(sink -> loop.queueMicrotask(() -> sink.error(new IllegalStateException("c"))));
            kept.subscribe(log::add);
            loop.queueMicrotask(() -> log.add("b"));
            failed.subscribe(log::add, error -> log.add(String.valueOf(error.getMessage())));
            loop.queueMicrotask(() -> log.add("check"));
        });

        assertThat(log).containsExactly("a", "b", "c", "check");
    }

    @Test
    @DisplayName("O-37: what follows an await is a microtask and takes its place among the others")
    void continuationsAreMicrotasks() {
        run((loop, log) -> {
            log.add("1");
            log.add("f start");
            loop.queueMicrotask(() -> {
                log.add("f resumed");
                loop.queueMicrotask(() -> log.add("f done"));
            });
            log.add("2");
            loop.nextTick(() -> log.add("tick"));
            loop.queueMicrotask(() -> {
                log.add("p1");
                loop.queueMicrotask(() -> log.add("p2"));
            });
        });

        assertThat(log).containsExactly("1", "f start", "2", "tick", "f resumed", "p1", "f done", "p2");
    }

    @Test
    @DisplayName("O-39: what a tick leaves to a microtask runs after the other ticks")
    void theRestOfATick() {
        run((loop, log) -> {
            loop.nextTick(() -> {
                log.add("t1");
                loop.queueMicrotask(() -> log.add("rest of t1"));
            });
            loop.nextTick(() -> log.add("t2"));
        });

        assertThat(log).containsExactly("t1", "t2", "rest of t1");
    }
}
