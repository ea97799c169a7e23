// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;

/**
 * The clustered program of the tests. Its primary prints a line an event; its workers answer with their pid, do what
 * the mode says, and echo messages.
 */
final class App {

    private App() {}

    /** Arguments: mode, port, and in the mode release a file that says how this release is. */
    public static void main(String[] args) {
        String mode = args[0];
        int port = Integer.parseInt(args[1]);
        try {
            System.exit(Cluster.run(
                    primary -> primary.workers(2)
                            .grace(Duration.ofSeconds(5))
                            .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                            .reloadOn(Signal.HUP, Signal.USR2)
                            .watch(Duration.ofMillis(100))
                            .heartbeat(mode.equals("hang") ? Duration.ofSeconds(3) : Duration.ofSeconds(30))
                            .onEvent(App::print),
                    worker -> work(worker, mode, port, args)));
        } catch (ClusterException e) {
            System.out.println("failed " + e.getMessage());
            System.exit(e.exitCode());
        }
    }

    static void print(ClusterEvent event) {
        String name = event.getClass().getSimpleName();
        String more = event instanceof ClusterEvent.Listening listening ? " " + listening.port() : "";
        System.out.println("event " + name + " " + event.worker().pid() + more);
    }

    private static void work(WorkerContext worker, String mode, int port, String[] args) {
        if (mode.equals("meters")) {
            ClusterMeters.publish(worker, Meters.of(worker));
        }
        switch (mode) {
            case "release" -> release(worker, port, Path.of(args[2]));
            case "exit" -> Runtime.getRuntime().halt(42);
            case "throw" -> throw new IllegalStateException("no database");
            default -> serve(worker, port);
        }
        if (mode.equals("standby")) {
            worker.onReady().then(worker.send("serves")).subscribe();
        }
        if (mode.equals("farewell")) {
            serveHttp2(worker);
        }
        if (mode.equals("blocked")) { // its loops never come back
            worker.resources().onServer(true).forEach(loop -> loop.execute(App::hang));
            worker.send("blocked").subscribe();
        }
        worker.receive(String.class)
                .concatMap(text -> switch (text) {
                    case "leave" -> worker.disconnect();
                    case "exit" -> {
                        new Thread(() -> System.exit(3), "exit").start(); // hooks may block, a loop may not
                        yield Mono.empty();
                    }
                    case "who" -> {
                        System.out.println("out " + System.getenv("WHO"));
                        System.err.println("err " + System.getProperty("who"));
                        yield worker.send("who");
                    }
                    case "ask" ->
                        worker.request("double", 21)
                                .flatMap(answer -> worker.send("asked " + answer.as(Integer.class)));
                    default -> worker.send("echo " + text);
                })
                .subscribe(null, gone -> {});
    }

    /** What is in the file is the new version of the program. */
    private static void release(WorkerContext worker, int port, Path file) {
        try {
            String release = Files.readString(file);
            worker.readyAfter(release.equals("hangs") ? Mono.never() : Mono.delay(Duration.ofMillis(50)));
            if (release.equals("cold")) {
                worker.readyAfter(Mono.error(new IllegalStateException("no cache")));
            }
            serve(worker, port);
            switch (release) {
                case "throws" -> throw new IllegalStateException("no database");
                case "dies" ->
                    Mono.delay(Duration.ofMillis(500))
                            .subscribe(late -> Runtime.getRuntime().halt(3));
                default -> {}
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void hang() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void serve(WorkerContext worker, int port) {
        String pid = String.valueOf(ProcessHandle.current().pid());
        HttpServer.create()
                .runOn(worker.resources())
                .host("127.0.0.1")
                .port(port)
                .childObserve(worker.requestCounter())
                .route(routes -> routes.get("/", (request, response) -> response.sendString(Mono.just(pid)))
                        .get(
                                "/never",
                                (request, response) ->
                                        response.sendString(worker.send("begun").then(Mono.never())))
                        .get("/hang", (request, response) -> {
                            hang();
                            return response.send();
                        })
                        .get(
                                "/remote",
                                (request, response) ->
                                        response.sendString(Mono.just(String.valueOf(request.remoteAddress()))))
                        .get(
                                "/slow",
                                (request, response) -> response.sendString(Flux.concat(
                                        worker.send("begun").thenReturn("begin "),
                                        Mono.delay(Duration.ofSeconds(1)).thenReturn("end"))))
                        .get(
                                "/events",
                                (request, response) -> response.sse()
                                        .sendString(Flux.interval(Duration.ofMillis(20))
                                                .concatMapIterable(i -> List.of("data: ", i + "\n\n"))))
                        .ws("/ws", (in, out) -> out.sendString(Flux.concat(Mono.just("hello"), Flux.never()))))
                .bindNow();
    }

    /** A second server, for the clients of HTTP/2 that speak it from the first byte. */
    private static void serveHttp2(WorkerContext worker) {
        HttpServer.create()
                .runOn(worker.resources())
                .host("127.0.0.1")
                .port(0)
                .protocol(HttpProtocol.H2C)
                .handle((request, response) -> response.sendString(worker.send("begun")
                        .then(Mono.delay(Duration.ofSeconds(2)))
                        .thenReturn("end")))
                .bindNow();
    }
}
