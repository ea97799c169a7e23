// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Timers: their order, and what clearing, refreshing and throwing do to it. */
@ParameterizedClass(name = "{0}")
@EnumSource(Transport.class)
@ExtendWith(LeakCheck.class)
class TimerOrderTest extends OrderingRules {

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
    @DisplayName("HT-46: an interval of nothing or less is one of a millisecond")
    void intervalsOfNothingOrLess() {
        run((loop, log) -> {
            for (Duration period :
                    List.of(Duration.ZERO, ms(1), ms(-5), ms(0.3), Duration.ofSeconds(Long.MIN_VALUE), ms(1))) {
                runTwice(loop, period);
            }
            loop.setTimeout(ms(2), () -> log.add("2"));
            block(10);
        });

        // The order of setting: all of them are in the list of one millisecond.
        List<String> once = List.of(
                "PT0S", "PT0.001S", "PT-0.005S", "PT0.0003S", "" + Duration.ofSeconds(Long.MIN_VALUE), "PT0.001S");
        assertThat(log.subList(0, 6)).isEqualTo(once);
        assertThat(log.get(6)).isEqualTo("2");
        assertThat(log.subList(7, log.size())).isEqualTo(once);
    }

    private void runTwice(EventLoop loop, Duration period) {
        AtomicReference<Timeout> interval = new AtomicReference<>();
        AtomicInteger runs = new AtomicInteger();
        interval.set(loop.setInterval(period, () -> {
            log.add(period.toString());
            if (runs.incrementAndGet() == 2) {
                the(interval).dispose();
            }
        }));
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
    @DisplayName("HT-31: a refreshed timer that is unreferenced starts anew and stays unreferenced")
    void refreshOfAnUnreferencedTimer() {
        run((loop, log) -> {
            Timeout refreshed =
                    loop.setTimeout(ms(1), () -> log.add("refreshed")).unref();
            loop.setTimeout(ms(1), () -> log.add("other"));
            Timeout far =
                    loop.setTimeout(Duration.ofHours(1), () -> log.add("never")).unref();
            assertThat(refreshed.refresh()).isSameAs(refreshed);
            assertThat(far.refresh().hasRef()).isFalse();
            block(10);
        });

        assertThat(log).containsExactly("other", "refreshed");
    }

    @Test
    @DisplayName("HT-31, HT-32: an unreferenced timer that refreshes itself for ever does not keep the loop alive")
    void unreferencedTimerThatRefreshesItself() {
        run((loop, log) -> {
            AtomicReference<Timeout> timer = new AtomicReference<>();
            timer.set(loop.setTimeout(ms(1), () -> {
                        log.add("run");
                        the(timer).refresh();
                    })
                    .unref());
            loop.setTimeout(ms(30), () -> log.add("keeper"));
        });

        assertThat(log).contains("keeper");
        assertThat(log.subList(0, log.indexOf("keeper"))).hasSizeGreaterThan(1).containsOnly("run");
    }

    @Test
    @DisplayName("O-36: a timer that is refreshed again and again runs once, after the last time")
    void refreshedAgainAndAgain() {
        AtomicLong latest = new AtomicLong();
        run((loop, log) -> {
            Timeout refreshed = loop.setTimeout(ms(400), () -> {
                log.add("refreshed");
                assertThat(System.nanoTime() - latest.get()).isGreaterThanOrEqualTo(ms(399).toNanos());
            });
            for (int i = 1; i <= 3; i++) {
                int number = i;
                loop.setTimeout(ms(15 * i), () -> {
                    log.add("refresh" + number);
                    latest.set(System.nanoTime());
                    refreshed.refresh();
                });
            }
        });

        assertThat(log).containsExactly("refresh1", "refresh2", "refresh3", "refreshed");
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
    @DisplayName("HT-25: an interval that throws stays armed")
    void throwingInterval() {
        AtomicReference<Timeout> interval = new AtomicReference<>();
        AtomicInteger errors = new AtomicInteger();
        spec().onUncaught((loop, error) -> {
                    if (errors.incrementAndGet() == 2) {
                        the(interval).dispose();
                    }
                })
                .run(script(loop -> interval.set(loop.setInterval(ms(1), failing("again")))));

        assertThat(errors).hasValue(2);
    }

    @Test
    @DisplayName("HT-16: clearing what has run, was cleared or belongs to a loop that has ended does nothing")
    void clearingTwice() {
        List<Handle> handles = new ArrayList<>();
        run((loop, log) -> {
            handles.add(loop.setTimeout(ms(1), () -> log.add("timeout")));
            handles.add(loop.setImmediate(() -> log.add("immediate")));
            Handle cleared = loop.setInterval(ms(1), () -> log.add("never"));
            handles.add(cleared);
            cleared.dispose();
            cleared.dispose();
            loop.setTimeout(ms(3), () -> handles.forEach(Handle::dispose));
        });

        handles.forEach(Handle::dispose);
        assertThat(log).containsExactlyInAnyOrder("timeout", "immediate");
        assertThat(handles).allMatch(Handle::isDisposed);
    }

    @Test
    @DisplayName("HT-17: timeouts and intervals are cleared alike")
    void clearingIsTheSameForBoth() {
        run((loop, log) -> {
            for (Timeout timer : List.of(
                    loop.setTimeout(ms(1), () -> log.add("timeout")),
                    loop.setInterval(ms(1), () -> log.add("interval")))) {
                timer.dispose();
            }
            loop.setTimeout(ms(5), () -> log.add("end"));
            block(10);
        });

        assertThat(log).containsExactly("end");
    }
}
