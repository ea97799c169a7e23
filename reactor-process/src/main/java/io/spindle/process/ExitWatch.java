// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells once that a process has ended. The JDK tells it through the common pool, which has one thread on two cores and
 * may be full of somebody's blocked tasks; so we look as well: often as soon as its outputs have ended, else seldom.
 */
final class ExitWatch {

    private static final long OFTEN_MICROS = 100;
    private static final long SELDOM_MICROS = 1_000_000;

    private final IoEventLoop loop;
    private final Running process;
    private final AtomicReference<@Nullable Consumer<ExitStatus>> listener;
    private @Nullable Future<?> next; // loop only

    /** Watches a process whose pipes are on the loop; the listener is called on any thread. */
    ExitWatch(IoEventLoop loop, Running process, Consumer<ExitStatus> listener) {
        this.loop = loop;
        this.process = process;
        this.listener = new AtomicReference<>(listener);
    }

    /** Begins to look now and then. Loop only. */
    void lookSeldom() {
        if (process.mustBePolled()) {
            lookAfter(SELDOM_MICROS);
        }
    }

    /** Its outputs have ended, so most likely it has, or is about to. Loop only. */
    void lookOften() {
        if (process.mustBePolled()) {
            stop();
            look(OFTEN_MICROS);
        }
    }

    private void look(long againMicros) {
        ExitStatus status = process.poll();
        if (status != null) {
            tell(status);
        } else {
            lookAfter(againMicros);
        }
    }

    private void lookAfter(long micros) {
        if (!loop.isShuttingDown()) {
            long again = Math.min(2 * micros, SELDOM_MICROS);
            next = loop.schedule(() -> look(again), micros, TimeUnit.MICROSECONDS);
        }
    }

    /** Any thread. */
    void tell(ExitStatus status) {
        Consumer<ExitStatus> waiting = listener.getAndSet(null);
        if (waiting != null) {
            waiting.accept(status);
        }
    }

    /** Looks no more. Loop only. */
    void stop() {
        if (next != null) {
            next.cancel(false);
        }
    }
}
