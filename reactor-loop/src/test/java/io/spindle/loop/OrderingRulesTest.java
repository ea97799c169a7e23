// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.scheduler.Scheduler;

/** Node's ordering rules, on the epoll and on the NIO loop. The codes name the rule in Node's observed behaviour. */
@ParameterizedClass(name = "native transport: {0}")
@ValueSource(booleans = {true, false})
@ExtendWith(LeakCheck.class)
class OrderingRulesTest {

    @Parameter
    boolean nativeTransport;

    private final List<String> log = new ArrayList<>();

    private EventLoopSpec spec() {
        return EventLoopSpec.of("order").nativeTransport(nativeTransport);
    }

    private List<String> run(BiConsumer<EventLoop, List<String>> script) {
        spec().run(loop -> script.accept(loop, log));
        return log;
    }

    /** Runs with a handler that logs the message of what a callback threw. */
    private List<String> runHandled(BiConsumer<EventLoop, List<String>> script) {
        spec().onUncaught((loop, error) -> log.add("handler:" + error.getMessage()))
                .run(loop -> script.accept(loop, log));
        return log;
    }

    private static Duration ms(double millis) {
        return Duration.ofNanos((long) (millis * 1e6));
    }

    /** Holds the loop for so long, as a busy callback does. */
    private static void block(long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        int turns = 0; // a plain loop: BlockHound objects to onSpinWait too
        while (System.nanoTime() - end < 0) {
            turns++;
        }
        assertThat(turns).isNotNegative();
    }

    private static <T> T the(AtomicReference<T> reference) {
        return Objects.requireNonNull(reference.get());
    }

    private static Runnable failing(String message) {
        return () -> {
            throw new IllegalStateException(message);
        };
    }

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
    @DisplayName("O-09, O-10: ticks and microtasks that queue themselves starve the timers")
    void ticksAndMicrotasksStarve() {
        run((loop, log) -> {
            loop.setTimeout(Duration.ZERO, () -> log.add("timeout"));
            loop.setImmediate(() -> log.add("immediate"));
            spin(loop::nextTick, 200, () -> log.add("ticks over"));
            spin(loop::queueMicrotask, 200, () -> log.add("micros over"));
            block(3);
        });

        assertThat(log.subList(0, 2)).containsExactly("ticks over", "micros over");
    }

    private static void spin(Consumer<Runnable> queue, int times, Runnable end) {
        queue.accept(() -> {
            if (times == 0) {
                end.run();
            } else {
                spin(queue, times - 1, end);
            }
        });
    }

    @Test
    @DisplayName("O-11, HT-20: immediates that queue themselves do not starve the timers")
    void immediatesDoNotStarve() {
        run((loop, log) -> {
            AtomicInteger rounds = new AtomicInteger();
            AtomicReference<Handle> next = new AtomicReference<>();
            loop.setTimeout(ms(5), () -> {
                log.add("timer");
                the(next).dispose();
            });
            next.set(loop.setImmediate(new Runnable() {
                @Override
                public void run() {
                    rounds.incrementAndGet();
                    next.set(loop.setImmediate(this));
                }
            }));
        });

        assertThat(log).containsExactly("timer");
    }

    @Test
    @DisplayName("O-12: an immediate queued by an immediate waits for the next turn")
    void nestedImmediates() {
        run((loop, log) -> {
            loop.setImmediate(() -> {
                log.add("i1");
                loop.setImmediate(() -> log.add("i1.1"));
            });
            loop.setImmediate(() -> log.add("i2"));
        });

        assertThat(log).containsExactly("i1", "i2", "i1.1");
    }

    @Test
    @DisplayName("O-13: timers of one delay run in the order they were set")
    void equalDelays() {
        run((loop, log) -> {
            for (String name : List.of("a", "b", "c")) {
                loop.setTimeout(ms(10), () -> log.add(name));
            }
        });

        assertThat(log).containsExactly("a", "b", "c");
    }

    @Test
    @DisplayName("O-14, HT-29: fractions are cut off, less than one millisecond is one")
    void fractionsOfDelays() {
        run((loop, log) -> {
            for (double delay : new double[] {1, 1.8, 0, 1, -5}) {
                loop.setTimeout(ms(delay), () -> log.add(String.valueOf(delay)));
            }
            loop.setTimeout(ms(2), () -> log.add("2"));
            block(20);
        });

        assertThat(log).containsExactly("1.0", "1.8", "0.0", "1.0", "-5.0", "2");
    }

    @Test
    @DisplayName("O-15: overdue lists run by their expiry")
    void overdueLists() {
        run((loop, log) -> {
            for (int delay : new int[] {30, 10, 20}) {
                loop.setTimeout(ms(delay), () -> log.add(String.valueOf(delay)));
            }
            block(60);
        });

        assertThat(log).containsExactly("10", "20", "30");
    }

    @Test
    @DisplayName("O-16: a list that is due is emptied before the next list")
    void listByList() {
        run((loop, log) -> {
            loop.setTimeout(ms(10), () -> log.add("10a"));
            loop.setTimeout(ms(11), () -> log.add("11"));
            block(2);
            loop.setTimeout(ms(10), () -> log.add("10b"));
            block(40);
        });

        assertThat(log).containsExactly("10a", "10b", "11");
    }

    @Test
    @DisplayName("O-16: a list whose first timer was cleared counts by its next one")
    void clearedHeadOfList() {
        run((loop, log) -> {
            Timeout first = loop.setTimeout(ms(10), () -> log.add("10a"));
            loop.setTimeout(ms(11), () -> log.add("11"));
            block(5);
            loop.setTimeout(ms(10), () -> log.add("10b"));
            first.dispose();
            block(40);
        });

        assertThat(log).containsExactly("11", "10b");
    }

    @Test
    @DisplayName("O-17: clearing works from within the phase")
    void clearWithinThePhase() {
        run((loop, log) -> {
            AtomicReference<Timeout> b = new AtomicReference<>();
            List<Handle> later = new ArrayList<>();
            loop.setTimeout(ms(1), () -> {
                log.add("A");
                the(b).dispose();
            });
            b.set(loop.setTimeout(ms(1), () -> log.add("B")));
            loop.setTimeout(ms(1), () -> {
                log.add("C");
                loop.setImmediate(() -> {
                    log.add("i1");
                    later.forEach(Handle::dispose);
                });
                later.add(loop.setImmediate(() -> log.add("i2")));
                loop.setImmediate(() -> log.add("i3"));
            });
            block(5);
        });

        assertThat(log).containsExactly("A", "C", "i1", "i3");
    }

    @Test
    @DisplayName("O-18, HT-28: a tick between two timers or immediates clears those that follow")
    void tickClearsWithinThePhase() {
        run((loop, log) -> {
            AtomicReference<Timeout> b = new AtomicReference<>();
            AtomicReference<Handle> i2 = new AtomicReference<>();
            loop.setTimeout(ms(1), () -> {
                log.add("A");
                loop.nextTick(() -> the(b).dispose());
            });
            b.set(loop.setTimeout(ms(1), () -> log.add("B")));
            loop.setTimeout(ms(1), () -> log.add("C"));
            loop.setImmediate(() -> {
                log.add("i1");
                loop.nextTick(() -> the(i2).dispose());
            });
            i2.set(loop.setImmediate(() -> log.add("i2")));
            block(5);
        });

        assertThat(log).contains("A", "C", "i1").doesNotContain("B", "i2");
    }

    @Test
    @DisplayName("O-19, HT-23: what is unreferenced does not keep the loop alive")
    void unreferencedDoesNotKeepAlive() {
        run((loop, log) -> {
            loop.setTimeout(Duration.ofSeconds(50), () -> log.add("never")).unref();
            loop.setTimeout(ms(10), () -> log.add("10"));
        });

        assertThat(log).containsExactly("10");
    }

    @Test
    @DisplayName("O-20, HT-43: an unreferenced timer runs while something else keeps the loop alive")
    void unreferencedStillRuns() {
        run((loop, log) -> {
            loop.setTimeout(ms(10), () -> log.add("unref 10")).unref();
            loop.setTimeout(ms(30), () -> log.add("ref 30"));
        });

        assertThat(log).containsExactly("unref 10", "ref 30");
    }

    @Test
    @DisplayName("O-21: an unreferenced immediate alone never runs")
    void unreferencedImmediate() {
        run((loop, log) -> loop.setImmediate(() -> {
            log.add("outer");
            loop.setImmediate(() -> log.add("inner")).unref();
        }));

        assertThat(log).containsExactly("outer");
    }

    @Test
    @DisplayName("HT-22: hasRef, unref and ref of an immediate and of a timer")
    void referencing() {
        run((loop, log) -> {
            Handle immediate = loop.setImmediate(() -> log.add("immediate"));
            assertThat(immediate.hasRef()).isTrue();
            assertThat(immediate.unref().hasRef()).isFalse();
            assertThat(immediate.unref().ref().hasRef()).isTrue();
            Timeout timeout = loop.setTimeout(ms(1), () -> log.add("timeout"));
            assertThat(timeout.unref().hasRef()).isFalse();
            assertThat(timeout.ref().hasRef()).isTrue();
        });

        assertThat(log).containsExactlyInAnyOrder("immediate", "timeout");
    }

    @Test
    @DisplayName("O-22: beforeExit may start more work and is then called again")
    void beforeExitRevives() {
        AtomicInteger calls = new AtomicInteger();

        int code = spec().beforeExit(loop -> {
                    log.add("beforeExit");
                    if (calls.incrementAndGet() == 1) {
                        loop.setTimeout(ms(1), () -> log.add("timer"));
                    }
                })
                .onExit(exitCode -> log.add("exit " + exitCode))
                .run(loop -> {});

        assertThat(code).isZero();
        assertThat(log).containsExactly("beforeExit", "timer", "beforeExit", "exit 0");
    }

    @Test
    @DisplayName("what a close callback closes is told in the next turn, after its immediates")
    void closeCallbacksOfCloseCallbacks() {
        run((loop, log) -> {
            Handle second = loop.open("second", () -> log.add("close 2"));
            Handle first = loop.open("first", () -> {
                log.add("close 1");
                second.dispose();
                loop.setImmediate(() -> log.add("immediate"));
            });
            first.dispose();
        });

        assertThat(log).containsExactly("close 1", "immediate", "close 2");
    }

    @Test
    @DisplayName("HT-49: a tick in beforeExit does not call it again, a timer that is unreferenced does not either")
    void beforeExitWithTicksOnly() {
        spec().beforeExit(loop -> {
                    log.add("beforeExit");
                    loop.nextTick(() -> log.add("tick"));
                    loop.setTimeout(ms(1), () -> log.add("never")).unref();
                })
                .run(loop -> {});

        assertThat(log).containsExactly("beforeExit", "tick");
    }

    @Test
    @DisplayName("O-23: exit drops what is pending and skips beforeExit")
    void exitDropsPending() {
        int code = spec().beforeExit(loop -> log.add("beforeExit"))
                .onExit(exitCode -> log.add("exit " + exitCode))
                .run(loop -> {
                    loop.setTimeout(ms(1), () -> log.add("timer"));
                    loop.nextTick(() -> log.add("tick"));
                    loop.exit(3);
                });

        assertThat(code).isEqualTo(3);
        assertThat(log).containsExactly("exit 3");
    }

    @Test
    @DisplayName("O-24: in the exit hook of a natural end microtasks run, ticks and timers do not")
    void microtasksInTheExitHook() {
        AtomicReference<EventLoop> of = new AtomicReference<>();

        spec().onExit(code -> {
                    log.add("exit");
                    the(of).nextTick(() -> log.add("tick"));
                    the(of).setTimeout(ms(1), () -> log.add("timer"));
                    the(of).queueMicrotask(() -> log.add("micro"));
                })
                .run(of::set);

        assertThat(log).containsExactly("exit", "micro");
    }

    @Test
    @DisplayName("O-25: in the exit hook of an explicit exit nothing runs any more")
    void nothingAfterAnExplicitExit() {
        AtomicReference<EventLoop> of = new AtomicReference<>();

        spec().onExit(code -> {
                    log.add("exit");
                    the(of).queueMicrotask(() -> log.add("micro"));
                })
                .run(loop -> {
                    of.set(loop);
                    loop.exit(0);
                });

        assertThat(log).containsExactly("exit");
    }

    @Test
    @DisplayName("O-26, HT-40: after a timer that threw, the next timer runs before its ticks")
    void throwingTimer() {
        runHandled((loop, log) -> {
            loop.setTimeout(ms(1), () -> {
                loop.nextTick(() -> log.add("tick"));
                loop.queueMicrotask(() -> log.add("micro"));
                throw new IllegalStateException("first");
            });
            loop.setTimeout(ms(1), () -> log.add("second"));
            block(5);
        });

        assertThat(log).containsExactly("handler:first", "second", "tick", "micro");
    }

    @Test
    @DisplayName("O-27: an immediate that throws does not lose those after it")
    void throwingImmediate() {
        runHandled((loop, log) -> {
            loop.setImmediate(failing("i1"));
            loop.setImmediate(() -> log.add("i2"));
            loop.setImmediate(() -> log.add("i3"));
        });

        assertThat(log).containsExactly("handler:i1", "i2", "i3");
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
    @DisplayName("O-33: a handler that throws ends the run without the exit hook")
    void throwingHandler() {
        Throwable thrown = org.assertj.core.api.Assertions.catchThrowable(() -> spec().onUncaught((loop, error) -> {
                    log.add("handler");
                    throw new IllegalStateException("in the handler");
                })
                .onExit(code -> log.add("exit"))
                .run(loop -> loop.setImmediate(failing("first"))));

        assertThat(thrown).hasMessage("in the handler");
        assertThat(thrown.getSuppressed()[0]).hasMessage("first");
        assertThat(log).containsExactly("handler");
    }

    @Test
    @DisplayName("O-34: an interval does not make up for the periods it missed")
    void intervalDoesNotCatchUp() {
        run((loop, log) -> {
            AtomicReference<Timeout> interval = new AtomicReference<>();
            AtomicInteger fired = new AtomicInteger();
            interval.set(loop.setInterval(ms(20), () -> {
                int count = fired.incrementAndGet();
                log.add("fire" + count);
                if (count == 1) {
                    loop.setTimeout(ms(70), () -> log.add("late"));
                    block(100);
                } else if (count == 3) {
                    the(interval).dispose();
                }
            }));
        });

        assertThat(log).containsExactly("fire1", "fire2", "late", "fire3");
    }

    @Test
    @DisplayName("O-36, HT-31: a refreshed timer starts anew")
    void refresh() {
        run((loop, log) -> {
            Timeout refreshed = loop.setTimeout(ms(1), () -> log.add("refreshed"));
            loop.setTimeout(ms(1), () -> log.add("other"));
            assertThat(refreshed.refresh()).isSameAs(refreshed);
            block(10);
        });

        assertThat(log).containsExactly("other", "refreshed");
    }

    @Test
    @DisplayName("HT-32: a timer may refresh itself in its own callback")
    void refreshInTheCallback() {
        run((loop, log) -> {
            AtomicReference<Timeout> timer = new AtomicReference<>();
            timer.set(loop.setTimeout(ms(1), () -> {
                log.add("run");
                if (log.size() == 1) {
                    the(timer).refresh();
                }
            }));
        });

        assertThat(log).containsExactly("run", "run");
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
    @DisplayName("O-41: a timer never runs in the pass that created it")
    void newTimerWaitsForTheNextPass() {
        run((loop, log) -> loop.setTimeout(ms(2), () -> {
            log.add("A");
            loop.setTimeout(ms(2), () -> log.add("B"));
            loop.setImmediate(() -> log.add("immediate"));
            block(10);
        }));

        assertThat(log).containsExactly("A", "immediate", "B");
    }

    @Test
    @DisplayName("O-42: a timer's immediate comes before its 0 ms timer")
    void immediateBeforeTimerOfATimer() {
        run((loop, log) -> loop.setTimeout(ms(1), () -> {
            log.add("T");
            loop.setTimeout(Duration.ZERO, () -> log.add("timer"));
            loop.setImmediate(() -> log.add("immediate"));
            block(3);
        }));

        assertThat(log).containsExactly("T", "immediate", "timer");
    }

    @Test
    @DisplayName("O-48: tick, microtask, posted task, immediate")
    void postedTaskBeforeImmediate() {
        run((loop, log) -> {
            loop.setImmediate(() -> log.add("immediate"));
            loop.schedule(() -> log.add("posted"));
            loop.queueMicrotask(() -> log.add("micro"));
            loop.nextTick(() -> log.add("tick"));
        });

        assertThat(log).containsExactly("tick", "micro", "posted", "immediate");
    }

    @Test
    @DisplayName("O-50: a task that posts itself for ever does not starve timers")
    void postedTasksDoNotStarve() {
        run((loop, log) -> {
            Scheduler.Worker worker = loop.createWorker();
            loop.setTimeout(ms(5), () -> {
                log.add("timer");
                worker.dispose();
            });
            repost(worker);
        });

        assertThat(log).containsExactly("timer");
    }

    private static void repost(Scheduler.Worker worker) {
        if (!worker.isDisposed()) {
            worker.schedule(() -> repost(worker));
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
    @DisplayName("HT-25: an interval that throws stays armed")
    void throwingInterval() {
        AtomicReference<Timeout> interval = new AtomicReference<>();
        AtomicInteger errors = new AtomicInteger();
        spec().onUncaught((loop, error) -> {
                    if (errors.incrementAndGet() == 2) {
                        the(interval).dispose();
                    }
                })
                .run(loop -> interval.set(loop.setInterval(ms(1), failing("again"))));

        assertThat(errors).hasValue(2);
    }

    @Test
    @DisplayName("HT-47: an immediate runs before an interval fires again")
    void immediateBeforeTheNextInterval() {
        run((loop, log) -> {
            AtomicReference<Timeout> first = new AtomicReference<>();
            AtomicReference<Timeout> second = new AtomicReference<>();
            first.set(loop.setInterval(ms(10), () -> {
                log.add("interval");
                if (log.size() == 1) {
                    loop.setImmediate(() -> log.add("immediate"));
                } else {
                    the(first).dispose();
                    the(second).dispose();
                }
            }));
            second.set(loop.setInterval(ms(10), () -> block(20)));
        });

        assertThat(log).containsExactly("interval", "immediate", "interval");
    }

    @Test
    @DisplayName("O-36: a timer that is refreshed again and again runs once, after the last time")
    void refreshedAgainAndAgain() {
        run((loop, log) -> {
            Timeout refreshed = loop.setTimeout(ms(40), () -> log.add("refreshed"));
            for (int i = 1; i <= 3; i++) {
                int number = i;
                loop.setTimeout(ms(15 * i), () -> {
                    log.add("refresh" + number);
                    refreshed.refresh();
                });
            }
        });

        assertThat(log).containsExactly("refresh1", "refresh2", "refresh3", "refreshed");
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
    @DisplayName("HT-20: exactly one round of immediates runs before a timer that is due")
    void oneRoundOfImmediates() {
        run((loop, log) -> {
            List<Handle> queued = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                loop.setImmediate(() -> {
                    log.add("immediate");
                    queued.add(loop.setImmediate(() -> log.add("again")));
                });
            }
            loop.setImmediate(() -> {
                loop.setTimeout(ms(1), () -> queued.forEach(Handle::dispose));
                block(5);
            });
        });

        assertThat(log).hasSize(10).containsOnly("immediate");
    }

    @Test
    @DisplayName("HT-26, HT-46: delays of any size are taken, none is turned into a short one")
    void delaysOfAnySize() {
        run((loop, log) -> {
            for (Duration delay : List.of(
                    Duration.ofMillis(1L << 31), Duration.ofSeconds(Long.MAX_VALUE), Duration.ofDays(365_000))) {
                loop.setTimeout(delay, () -> log.add("far")).unref();
            }
            loop.setTimeout(Duration.ofSeconds(Long.MIN_VALUE), () -> log.add("negative"));
            loop.setTimeout(ms(5), () -> log.add("5"));
        });

        assertThat(log).containsExactly("negative", "5");
    }

    @Test
    @DisplayName("HT-29: an interval of 1.1 ms goes on")
    void fractionalInterval() {
        run((loop, log) -> {
            AtomicReference<Timeout> interval = new AtomicReference<>();
            interval.set(loop.setInterval(ms(1.1), () -> {
                log.add("run");
                if (log.size() == 50) {
                    the(interval).dispose();
                }
            }));
        });

        assertThat(log).hasSize(50);
    }

    @Test
    @DisplayName("HT-41, HT-43: unreferenced intervals run while something keeps the loop alive, and no longer")
    void unreferencedIntervals() {
        run((loop, log) -> {
            loop.setInterval(ms(2), () -> log.add("interval")).unref();
            loop.setInterval(Duration.ofSeconds(10), () -> log.add("never")).unref();
            loop.setImmediate(() -> log.add("immediate")).unref();
            loop.setTimeout(ms(30), () -> log.add("keeper"));
        });

        assertThat(log).contains("interval", "immediate").doesNotContain("never");
        // An interval that is due in the keeper's own pass may follow it, once.
        assertThat(log.subList(log.indexOf("keeper") + 1, log.size())).isIn(List.of(), List.of("interval"));
    }

    @Test
    @DisplayName("HT-49: beforeExit is called again after an immediate, a timer or a server, not after a tick")
    void beforeExitAgainAfterEachKindOfWork() {
        AtomicInteger step = new AtomicInteger();
        spec().beforeExit(loop -> {
                    log.add("beforeExit");
                    switch (step.incrementAndGet()) {
                        case 1 -> loop.setImmediate(() -> log.add("immediate"));
                        case 2 -> loop.setTimeout(ms(1), () -> log.add("timer"));
                        case 3 -> {
                            loop.nextTick(() -> log.add("tick"));
                            loop.setImmediate(() -> log.add("with tick"));
                        }
                        case 4 -> {
                            Handle server = loop.open("server");
                            loop.schedule(server::dispose);
                        }
                        default -> loop.nextTick(() -> log.add("only a tick"));
                    }
                })
                .run(loop -> {});

        assertThat(log)
                .containsExactly(
                        "beforeExit",
                        "immediate",
                        "beforeExit",
                        "timer",
                        "beforeExit",
                        "tick",
                        "with tick",
                        "beforeExit",
                        "beforeExit",
                        "only a tick");
    }

    @Test
    @DisplayName("HT-50: a beforeExit that throws or exits still comes to the exit hook, and nothing else runs")
    void beforeExitThatThrowsOrExits() {
        Throwable thrown = org.assertj.core.api.Assertions.catchThrowable(() -> spec().beforeExit(loop -> {
                    loop.setTimeout(ms(1), () -> log.add("never"));
                    throw new IllegalStateException("in beforeExit");
                })
                .onExit(code -> log.add("exit " + code))
                .run(loop -> {}));
        int code = spec().beforeExit(loop -> {
                    loop.setTimeout(ms(1), () -> log.add("never"));
                    loop.exit(9);
                })
                .onExit(exitCode -> log.add("exit " + exitCode))
                .run(loop -> {});

        assertThat(thrown).hasMessage("in beforeExit");
        assertThat(code).isEqualTo(9);
        assertThat(log).containsExactly("exit 1", "exit 9");
    }
}
