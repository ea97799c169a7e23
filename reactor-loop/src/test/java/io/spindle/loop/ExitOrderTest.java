// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.netty.tcp.TcpServer;

/** What keeps a program alive, and what still runs when it ends. */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
class ExitOrderTest extends OrderingRules {

    @Test
    @DisplayName("O-19: what is unreferenced does not keep the loop alive")
    void unreferencedDoesNotKeepAlive() {
        int code = spec().run(script(loop -> {
            loop.setTimeout(Duration.ofSeconds(50), () -> log.add("never")).unref();
            loop.setInterval(Duration.ofSeconds(50), () -> log.add("never")).unref();
            loop.open("a handle", () -> {}).unref();
            loop.setTimeout(ms(10), () -> log.add("10"));
        }));

        assertThat(code).isZero();
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
    @DisplayName("HT-23: unreferenced immediates alone never run")
    void unreferencedImmediatesAlone() {
        spec().run(
                        loop -> { // nothing else: a channel that was just opened would bring them a turn
                            loop.setImmediate(() -> log.add("never")).unref();
                            loop.setImmediate(() -> log.add("never either")).unref();
                        });

        assertThat(log).isEmpty();
    }

    @Test
    @DisplayName("HT-43: an unreferenced interval that is cleared in its third run has run three times")
    void unreferencedIntervalThatIsCleared() {
        run((loop, log) -> {
            AtomicReference<Timeout> interval = new AtomicReference<>();
            Timeout keeper = loop.setTimeout(Duration.ofSeconds(60), () -> log.add("never"));
            interval.set(loop.setInterval(ms(1), () -> {
                log.add("run");
                if (log.size() == 3) {
                    the(interval).dispose();
                    keeper.dispose();
                    loop.setTimeout(ms(20), () -> log.add("keeper"));
                }
            }));
            the(interval).unref();
        });

        assertThat(log).containsExactly("run", "run", "run", "keeper");
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
                .run(script(loop -> {}));

        assertThat(code).isZero();
        assertThat(log).containsExactly("beforeExit", "timer", "beforeExit", "exit 0");
    }

    @Test
    @DisplayName(
            "HT-44, HT-49: a tick in beforeExit does not call it again, a timer that is unreferenced does not either")
    void beforeExitWithTicksOnly() {
        spec().beforeExit(loop -> {
                    log.add("beforeExit");
                    loop.nextTick(() -> log.add("tick"));
                    loop.setTimeout(ms(1), () -> log.add("never")).unref();
                })
                .run(script(loop -> {}));

        assertThat(log).containsExactly("beforeExit", "tick");
    }

    @Test
    @DisplayName(
            "HT-49: beforeExit is called again after an immediate, a timer, a server or a repeated timer, not after a tick")
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
                        case 4 ->
                            TcpServer.create()
                                    .host("127.0.0.1")
                                    .port(0)
                                    .runOn(loop.resources())
                                    .bind()
                                    .subscribe(server -> {
                                        log.add("listening");
                                        server.dispose();
                                    });
                        case 5 -> {
                            AtomicReference<Timeout> repeated = new AtomicReference<>();
                            repeated.set(loop.setInterval(ms(1), () -> {
                                log.add("repeated");
                                if (log.lastIndexOf("repeated") - log.indexOf("repeated") == 1) {
                                    the(repeated).dispose();
                                }
                            }));
                        }
                        default -> loop.nextTick(() -> log.add("only a tick"));
                    }
                })
                .run(script(loop -> {}));

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
                        "listening",
                        "beforeExit",
                        "repeated",
                        "repeated",
                        "beforeExit",
                        "only a tick");
    }

    @Test
    @DisplayName("HT-50: a beforeExit that throws or exits still comes to the exit hook, and nothing else runs")
    void beforeExitThatThrowsOrExits() {
        Throwable thrown = catchThrowable(() -> spec().beforeExit(loop -> {
                    loop.setTimeout(ms(1), () -> log.add("never"));
                    throw new IllegalStateException("in beforeExit");
                })
                .onExit(code -> log.add("exit " + code))
                .run(script(loop -> {})));
        int code = spec().beforeExit(loop -> {
                    loop.setTimeout(ms(1), () -> log.add("never"));
                    loop.exit(9);
                })
                .onExit(exitCode -> log.add("exit " + exitCode))
                .run(script(loop -> {}));

        assertThat(thrown).hasMessage("in beforeExit");
        assertThat(code).isEqualTo(9);
        assertThat(log).containsExactly("exit 1", "exit 9");
    }

    @Test
    @DisplayName("O-23: exit drops what is pending and skips beforeExit")
    void exitDropsPending() {
        int code = spec().beforeExit(loop -> log.add("beforeExit"))
                .onExit(exitCode -> log.add("exit " + exitCode))
                .run(script(loop -> {
                    loop.setTimeout(ms(1), () -> log.add("timer"));
                    loop.nextTick(() -> log.add("tick"));
                    loop.exit(3);
                }));

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
                .run(script(of::set));

        assertThat(log).containsExactly("exit", "micro");
    }

    @Test
    @DisplayName("O-25, HT-07: in the exit hook of an explicit exit nothing runs any more")
    void nothingAfterAnExplicitExit() {
        AtomicReference<EventLoop> of = new AtomicReference<>();

        spec().onExit(code -> {
                    log.add("exit");
                    the(of).queueMicrotask(() -> log.add("micro"));
                    the(of).nextTick(() -> log.add("tick"));
                })
                .run(script(loop -> {
                    of.set(loop);
                    loop.exit(0);
                }));

        assertThat(log).containsExactly("exit");
    }

    @Test
    @DisplayName("O-33: a handler that throws ends the run without the exit hook")
    void throwingHandler() {
        Throwable thrown = catchThrowable(() -> spec().onUncaught((loop, error) -> {
                    log.add("handler");
                    throw new IllegalStateException("in the handler");
                })
                .onExit(code -> log.add("exit"))
                .run(script(loop -> loop.setImmediate(failing("first")))));

        assertThat(thrown).hasMessage("in the handler");
        assertThat(thrown.getSuppressed()[0]).hasMessage("first");
        assertThat(log).containsExactly("handler");
    }

    @Test
    @DisplayName("HT-52: an exit in the exit hook does not call it again, and its code is the one that counts")
    void exitInTheExitHook() {
        AtomicReference<EventLoop> of = new AtomicReference<>();

        int code = spec().onExit(exitCode -> {
                    log.add("exit " + exitCode);
                    the(of).setTimeout(ms(1), () -> log.add("timer"));
                    the(of).exit(2);
                    the(of).exit(0);
                })
                .run(script(loop -> {
                    of.set(loop);
                    loop.exit(1);
                }));

        assertThat(code).isZero();
        assertThat(log).containsExactly("exit 1");
    }
}
