// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.spindle.loop.EventLoop;
import io.spindle.loop.LoopMetrics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/**
 * Serves HTTP on one loop under wrk while timers, ticks and immediates run on the same loop, and tells what wrk and the
 * loop saw. Exits with 1 if wrk met an error. Needs wrk.
 */
public final class LoopSoak {

    private static final int CONNECTIONS = 64;

    private LoopSoak() {}

    /**
     * Runs the soak.
     *
     * @param args the seconds; default 60
     */
    public static void main(String[] args) throws Exception {
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 60;
        EventLoop loop = EventLoop.create("soak");
        AtomicLong ran = new AtomicLong();
        AtomicLong latest = new AtomicLong();
        for (int i = 1; i <= 10; i++) {
            int period = i;
            long[] due = {System.nanoTime() + Duration.ofMillis(period).toNanos()};
            loop.setInterval(Duration.ofMillis(period), () -> {
                long now = System.nanoTime();
                latest.accumulateAndGet(now - due[0], Math::max);
                due[0] = now + Duration.ofMillis(period).toNanos();
                loop.nextTick(ran::incrementAndGet);
                loop.setImmediate(ran::incrementAndGet);
            });
        }
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(loop.resources())
                .handle((request, response) -> response.sendString(Mono.just("hello world\n")))
                .bindNow();
        LoopMetrics before = loop.metrics();
        String report = wrk(seconds, server.port());
        LoopMetrics metrics = loop.metrics().since(before);
        System.out.println(report);
        System.out.println("turns: " + metrics.delay());
        System.out.printf(
                "utilization %.3f, %d callbacks, %d I/O events, %d ticks and immediates, latest timer %d us%n",
                metrics.utilization(),
                metrics.callbacks(),
                metrics.events(),
                ran.get(),
                Duration.ofNanos(latest.get()).toNanos() / 1000);
        boolean failed = report.contains("Socket errors") || report.contains("Non-2xx");
        System.out.println(failed ? "errors" : "no errors");
        System.exit(failed ? 1 : 0);
    }

    private static String wrk(int seconds, int port) throws Exception {
        Process wrk = new ProcessBuilder(
                        "wrk", "-t1", "-c" + CONNECTIONS, "-d" + seconds + "s", "--latency", "http://127.0.0.1:" + port)
                .redirectErrorStream(true)
                .start();
        String report = new String(wrk.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        wrk.waitFor();
        return report;
    }
}
