// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.cluster.Cluster;
import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.io.Files;
import io.spindle.process.Command;
import io.spindle.process.Input;
import java.nio.file.Path;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServer;

/** The programs of the README, which a test compares with it; each between two marks. */
final class Snippets {

    private Snippets() {}

    static void loop() {
        // README: loop
        EventLoop.run(loop -> {
            loop.setTimeout(Duration.ofMillis(100), () -> System.out.println("5: timeout"));
            loop.setImmediate(() -> System.out.println("4: immediate"));
            loop.queueMicrotask(() -> System.out.println("3: microtask"));
            loop.nextTick(() -> System.out.println("2: tick"));
            System.out.println("1: main");
        }); // returns when nothing is left to do

        EventLoop loop = EventLoop.create("orders"); // or a loop that lives on: a Scheduler and a Netty loop in one
        Mono.delay(Duration.ofMillis(1), loop).block();
        loop.dispose();
        // README: end
    }

    static void offload() {
        // README: offload
        EventLoop.run(loop -> {
            System.out.println("Start");
            Files.readString(Path.of("pom.xml")).subscribe(text -> System.out.println("File read"));
            BlockingPool.shared()
                    .call(() -> Long.parseLong("42")) // whatever blocks: JDBC, a client of another age
                    .subscribe(value -> System.out.println(value + ", on the loop: " + loop.inLoop()));
            System.out.println("End");
        });
        // README: end
    }

    static void process() {
        // README: process
        EventLoop.run(loop -> {
            Command.of("git", "log", "--format=%s").lines().take(3).subscribe(System.out::println, error -> {});
            Command.of("sort").stdin(Input.of("b\na\n")).exec().subscribe(result -> System.out.print(result.stdout()));
            Command.of("sleep", "60")
                    .timeout(Duration.ofMillis(50))
                    .exec()
                    .subscribe(result -> {}, error -> System.out.println(error.getMessage()));
        });
        // README: end
    }

    static int cluster() {
        // README: cluster
        int exitCode = Cluster.run(
                primary -> primary.workers(2).onEvent(System.out::println),
                worker -> HttpServer.create()
                        .runOn(worker.resources())
                        .host("127.0.0.1")
                        .port(3000)
                        .handle((request, response) -> response.sendString(Flux.just("hello world\n")))
                        .bindNow());
        // README: end
        return exitCode;
    }
}
