// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.List;

/** The figures of {@code benchmarks/run offload}. */
final class OffloadFigures {

    private OffloadFigures() {}

    static List<Figure> all() {
        return List.of(
                figure("empty calls, calls/s, v subscribeOn(boundedElastic)", "call", "elastic", 3),
                virtual("empty calls, calls/s, v virtual threads", "call", 1),
                figure("empty calls back on the loop, calls/s, v boundedElastic", "home", "elastic", 6),
                figure("empty calls back on the loop, calls/s, v Vert.x executeBlocking", "home", "vertx", 1),
                figure("200 calls that wait 1 ms, calls/s, v boundedElastic", "wait", "elastic", 0.95),
                virtual("200 calls that wait 1 ms, calls/s, v virtual threads", "wait", 0.95),
                node("files of 1 KB read, files/s, v Node callback", "read", "read", 4),
                node("files of 1 KB read, files/s, v Node promises", "read", "read-promises", 12),
                figure("files of 1 KB read, files/s, v subscribeOn(boundedElastic)", "read", "elastic", 1.5),
                node("1 GB file streamed, MB/s, v Node stream", "stream", "stream", 3),
                node("pbkdf2 SHA-512, keys/s, v Node", "sha512", "sha512", 1),
                node("pbkdf2 SHA-256, keys/s, v Node", "sha256", "sha256", 1),
                node("fibonacci(40) twice on two workers, 1/s, v Node", "fibonacci", "fibonacci", 2),
                figure("empty tasks on 2 workers, tasks/s, v fixed executor", "task", "executor", 1.2),
                pool("empty tasks on 2 workers, tasks/s, v Piscina", "piscina"),
                pool("empty tasks on 2 workers, tasks/s, v Tinypool", "tinypool"),
                pool("empty tasks on 2 workers, tasks/s, v Poolifier", "poolifier"),
                node("messages to a worker and back, round trips/s, v Node", "message", "message", 2),
                node("worker started and ended, workers/s, v Node", "start", "start", 50));
    }

    private static Figure figure(String name, String what, String peer, double bar) {
        return new Figure(name, java(what, "spindle"), java(what, peer), bar);
    }

    private static Figure virtual(String name, String what, double bar) {
        return new Figure(
                name, java(what, "spindle"), java(what, "virtual").needing(Contender.Need.VIRTUAL_THREADS), bar);
    }

    private static Figure node(String name, String what, String script, double bar) {
        return new Figure(name, java(what, "spindle"), Contender.node("offload.mjs", script), bar);
    }

    private static Figure pool(String name, String npmPackage) {
        Contender peer = Contender.node("offload.mjs", "task", npmPackage).needing(Contender.Need.PACKAGE);
        return new Figure(name, java("task", "spindle"), peer, 50);
    }

    private static Contender java(String what, String who) {
        return Contender.java(OffloadContenders.class, what, who);
    }
}
