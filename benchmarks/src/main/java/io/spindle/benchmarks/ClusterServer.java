// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.spindle.cluster.Balance;
import io.spindle.cluster.Cluster;
import io.spindle.cluster.ClusterEvent;
import io.spindle.cluster.Listening;
import io.spindle.cluster.Primary;
import io.spindle.cluster.PrimarySpec;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/** The program of the cluster's figures: answers every request with two words. */
public final class ClusterServer {

    private static final String HOST = "127.0.0.1";
    private static final int WORKERS = 2;
    private static final long START_SECONDS = 60;

    private ClusterServer() {}

    /** A worker; it is never the primary. */
    public static void main(String[] args) {
        System.exit(Cluster.run(
                primary -> primary, worker -> server(worker.resources()).port(0).bindNow()));
    }

    private static HttpServer server(LoopResources loops) {
        return HttpServer.create()
                .runOn(loops)
                .host(HOST)
                .handle((request, response) -> response.sendString(Mono.just("hello world")));
    }

    /** A running cluster of two workers, and what happened since all of them were ready. */
    record Running(Primary primary, int port, BlockingQueue<ClusterEvent> events) {

        <T extends ClusterEvent> T await(Class<T> type) throws InterruptedException {
            while (true) {
                ClusterEvent event = events.poll(START_SECONDS, TimeUnit.SECONDS);
                if (event == null) {
                    throw new IllegalStateException("no " + type.getSimpleName());
                }
                if (type.isInstance(event)) {
                    return type.cast(event);
                }
            }
        }
    }

    static Running cluster(String mode, UnaryOperator<PrimarySpec> more) throws InterruptedException {
        BlockingQueue<ClusterEvent> events = new LinkedBlockingQueue<>();
        PrimarySpec spec = PrimarySpec.create()
                .workers(WORKERS)
                .main(ClusterServer.class)
                .jvmArgs("-Xms128m", "-Xmx128m", "-XX:ActiveProcessorCount=1")
                .listening(mode.equals("handoff") ? Listening.handOff(Balance.roundRobin()) : Listening.shared())
                .onEvent(events::add);
        Primary primary = more.apply(spec).start().block(Duration.ofSeconds(START_SECONDS));
        Running running = new Running(primary, -1, events);
        int port = running.await(ClusterEvent.Listening.class).port();
        for (int i = 0; i < WORKERS; i++) {
            running.await(ClusterEvent.Ready.class);
        }
        return new Running(primary, port, events);
    }

    /** The same program in this JVM, on two loops. */
    static int alone() {
        DisposableServer server =
                server(LoopResources.create("alone", WORKERS, true)).port(0).bindNow();
        return server.port();
    }
}
