// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.scheduler.Scheduler;

/** Immediates, posted tasks and close callbacks, and their place in the turn. */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
class PhaseOrderTest extends OrderingRules {

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
    @DisplayName("O-11, HT-20: immediates that queue themselves do not starve the timers")
    void immediatesDoNotStarve() {
        run((loop, log) -> {
            AtomicReference<Handle> next = new AtomicReference<>();
            loop.setTimeout(ms(50), () -> {
                log.add("timer");
                the(next).dispose();
            });
            next.set(loop.setImmediate(new Runnable() {
                @Override
                public void run() {
                    log.add("again");
                    next.set(loop.setImmediate(this));
                }
            }));
        });

        assertThat(log).startsWith("again", "again").endsWith("timer");
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
    @DisplayName("the phases of one turn: close callbacks, timers, posted tasks, immediates")
    void phasesOfATurn() {
        run((loop, log) -> loop.setImmediate(() -> {
            loop.setImmediate(() -> log.add("immediate"));
            loop.schedule(() -> log.add("posted"));
            loop.setTimeout(ms(1), () -> log.add("timer"));
            loop.open("handle", () -> log.add("close")).dispose();
            loop.queueMicrotask(() -> log.add("micro"));
            loop.nextTick(() -> log.add("tick"));
            block(5); // the timer is due
        }));

        assertThat(log).containsExactly("tick", "micro", "close", "timer", "posted", "immediate");
    }

    @Test
    @DisplayName("posted tasks, then I/O, then immediates")
    void phasesAroundIo() {
        run((loop, log) -> loop.setImmediate(() -> {
            AtomicReference<ReadableEnd> end = new AtomicReference<>();
            end.set(ReadableEnd.registerHere(loop.netty(), () -> {
                log.add("io");
                the(end).close();
            }));
            loop.setImmediate(() -> log.add("immediate"));
            loop.schedule(() -> log.add("posted"));
            the(end).makeReadable();
        }));

        assertThat(log).containsExactly("posted", "io", "immediate");
    }

    @Test
    @DisplayName("O-17: clearing from another thread works within the phase too")
    void clearFromAnotherThreadWithinThePhase() {
        run((loop, log) -> {
            AtomicReference<Timeout> b = new AtomicReference<>();
            AtomicReference<Handle> i2 = new AtomicReference<>();
            loop.setTimeout(ms(1), () -> {
                log.add("A");
                elsewhere(the(b)::dispose);
            });
            b.set(loop.setTimeout(ms(1), () -> log.add("B")));
            loop.setTimeout(ms(1), () -> log.add("C"));
            loop.setImmediate(() -> {
                log.add("i1");
                elsewhere(the(i2)::dispose);
            });
            i2.set(loop.setImmediate(() -> log.add("i2")));
            loop.setImmediate(() -> log.add("i3"));
            block(5); // all three timers are due
        });

        assertThat(log).containsExactly("A", "C", "i1", "i3");
    }

    /** Holds the loop until another thread has done it. */
    private static void elsewhere(Runnable task) {
        CountDownLatch done = new CountDownLatch(1);
        new Thread(() -> {
                    task.run();
                    done.countDown();
                })
                .start();
        Spin.until(done);
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

        assertThat(log).containsExactly("A", "C", "i1");
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
    @DisplayName("a close callback that throws does not lose those after it, which run before its ticks")
    void throwingCloseCallback() {
        runHandled((loop, log) -> {
            loop.open("first", () -> {
                        loop.nextTick(() -> log.add("tick"));
                        throw new IllegalStateException("close 1");
                    })
                    .dispose();
            loop.open("second", () -> log.add("close 2")).dispose();
            loop.open("third", failing("close 3")).dispose();
            loop.open("fourth", () -> log.add("close 4")).dispose();
        });

        assertThat(log).containsExactly("handler:close 1", "close 2", "tick", "handler:close 3", "close 4");
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
    @DisplayName("HT-19: immediates run after main code, and the first may clear the second")
    void immediatesAfterMainCode() {
        run((loop, log) -> {
            AtomicReference<Handle> second = new AtomicReference<>();
            loop.setImmediate(() -> {
                log.add("first");
                the(second).dispose();
            });
            second.set(loop.setImmediate(() -> log.add("second")));
            loop.setImmediate(() -> log.add("third"));
            log.add("main");
        });

        assertThat(log).containsExactly("main", "first", "third");
    }
}
