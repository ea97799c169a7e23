// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.spindle.loop.EventLoop;
import io.spindle.loop.LoopMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/**
 * Serves HTTP on one loop under wrk while timers, ticks and immediates run on the same loop, and tells what wrk and the
 * loop saw. Once a second a callback holds the loop for 30 ms, so that there is a lag to report whose size is known.
 * A timer of a millisecond is the witness from the other side: the timers run once in a turn, so one of half the length of
 * a long turn is late at least. Exits with 1 if wrk met an error, if the loop reported fewer or shorter stalls than there
 * were, or more or longer ones than the witness can have seen. Needs wrk.
 */
public final class LoopSoak {

    private static final int CONNECTIONS = 64;
    private static final Duration MILLISECOND = Duration.ofMillis(1);
    private static final Duration STALL = Duration.ofMillis(30);
    private static final Duration STALL_SEEN = Duration.ofMillis(28); // a bucket of the histogram is 6 % wide

    /** The least that the witness is late by a turn of that length, of which the timers may be the middle. */
    private static final Duration LATE = STALL_SEEN.dividedBy(2).minusMillis(1);

    private LoopSoak() {}

    /** How late the timer of a millisecond was. Of the loop. */
    private static final class Witness {

        private final AtomicLong lateOnes = new AtomicLong();
        private final AtomicLong latestNanos = new AtomicLong();

        void forget() {
            lateOnes.set(0);
            latestNanos.set(0);
        }

        void saw(long lateNanos) {
            latestNanos.accumulateAndGet(lateNanos, Math::max);
            if (lateNanos >= LATE.toNanos()) {
                lateOnes.incrementAndGet();
            }
        }
    }

    /**
     * Runs the soak.
     *
     * @param args the seconds; default 60
     */
    public static void main(String[] args) throws Exception {
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 60;
        EventLoop loop = EventLoop.create("soak");
        AtomicLong ran = new AtomicLong();
        Witness witness = new Witness();
        AtomicLong stalls = new AtomicLong();
        for (int period = 1; period <= 10; period++) {
            interval(loop, period, ran, period == 1 ? witness : null);
        }
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(loop.resources())
                .handle((request, response) -> response.sendString(Mono.just("hello world\n")))
                .bindNow();
        LoopMetrics before = loop.metrics();
        witness.forget();
        loop.setInterval(Duration.ofSeconds(1), () -> {
            hold();
            stalls.incrementAndGet();
        });
        String report = wrk(seconds, server.port());
        long stalled = stalls.get();
        Mono.delay(Duration.ofMillis(1), loop).block(); // the turn of the last stall has ended
        System.out.println(report);
        boolean errors = report.contains("Socket errors") || report.contains("Non-2xx");
        System.out.println(errors ? "errors" : "no errors");
        boolean truthful = tell(loop.metrics().since(before), ran.get(), witness, stalled);
        System.exit(errors || !truthful ? 1 : 0);
    }

    /** A timer that queues a tick and an immediate each time. */
    private static void interval(EventLoop loop, int millis, AtomicLong ran, @Nullable Witness witness) {
        long nanos = Duration.ofMillis(millis).toNanos();
        long[] due = {System.nanoTime() + nanos};
        loop.setInterval(Duration.ofMillis(millis), () -> {
            long now = System.nanoTime();
            if (witness != null) {
                witness.saw(now - due[0]);
            }
            due[0] = now + nanos;
            loop.nextTick(ran::incrementAndGet);
            loop.setImmediate(ran::incrementAndGet);
        });
    }

    private static void hold() {
        long end = System.nanoTime() + STALL.toNanos();
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    /** Prints what the loop says of itself, and returns whether that includes what is known to have happened. */
    private static boolean tell(LoopMetrics metrics, long ran, Witness witness, long stalls) {
        long seen = metrics.delay().exceeding(STALL_SEEN);
        System.out.println("turns: " + metrics.delay());
        System.out.printf(
                "utilization %.3f, %d callbacks, %d I/O events, %d ticks and immediates, a timer late by %d us at most%n",
                metrics.utilization(), metrics.callbacks(), metrics.events(), ran, witness.latestNanos.get() / 1000);
        System.out.printf(
                "%d stalls of %d ms, %d turns reported above %d ms%n",
                stalls, STALL.toMillis(), seen, STALL_SEEN.toMillis());
        System.out.printf(
                "%d times the timer of a millisecond was late by %d ms or more%n",
                witness.lateOnes.get(), LATE.toMillis());
        boolean enough = seen >= stalls && metrics.delay().max().compareTo(STALL) >= 0;
        boolean tooMuch =
                seen > 2 * witness.lateOnes.get() // two long turns may make it late once, between their timers
                        || metrics.delay().max().toNanos() > 2 * (witness.latestNanos.get() + MILLISECOND.toNanos());
        return enough && !tooMuch;
    }

    private static String wrk(int seconds, int port) throws Exception {
        Process wrk = new ProcessBuilder(
                        "wrk", "-t1", "-c" + CONNECTIONS, "-d" + seconds + "s", "--latency", "http://127.0.0.1:" + port)
                .redirectErrorStream(true)
                .start();
        String report = new String(wrk.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = wrk.waitFor();
        if (code != 0) {
            throw new IOException("wrk exited with " + code + ": " + report);
        }
        return report;
    }
}
