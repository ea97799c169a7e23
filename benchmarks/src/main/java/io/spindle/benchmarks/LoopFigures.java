// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.List;

/** The figures of {@code benchmarks/run loop}. */
final class LoopFigures {

    private LoopFigures() {}

    static List<Figure> all() {
        return List.of(
                figure("post from outside, tasks/s, v Schedulers.single", "post", "spindle", "single", 5),
                figure("post from outside, tasks/s, v Netty loop", "post", "spindle", "netty", 0.9),
                figure("post from outside, tasks/s, v Vert.x context", "post", "spindle", "vertx", 1),
                figure("post from the loop, tasks/s, v not watched", "posted", "spindle", "unwatched", 0.95),
                figure("post from the loop, tasks/s, v Netty loop", "posted", "spindle", "netty", 1),
                figure("tick chain, ticks/s, v not watched", "tick", "spindle", "unwatched", 0.95),
                figure("schedule from outside, tasks/s, v Schedulers.single", "schedule", "spindle", "single", 3),
                figure("worker from outside, tasks/s, v Schedulers.single", "worker", "spindle", "single", 3),
                node("tick chain, ticks/s, v Node", "tick", 3),
                node("microtask chain, microtasks/s, v Node", "microtask", 3),
                node("immediates in batches, immediates/s, v Node", "immediate", 5),
                node("timers set and cleared, timers/s, v Node", "timers", 1.5),
                figure("timers set and cleared, timers/s, v Netty schedule", "timers", "spindle", "netty", 1.5),
                figure("timers set and cleared, timers/s, v Schedulers.single", "timers", "spindle", "single", 1.5),
                figure("100,000 timers fire, 1/cpu s, v Netty schedule", "fire", "spindle", "netty", 1),
                figure("ping-pong of two loops, round trips/s, v Netty loops", "pingpong", "spindle", "netty", 0.95),
                figure("HTTP echo, requests/s, v Netty loop", "http", "spindle", "netty", 0.95),
                figure("HTTP echo in a flood of tasks, requests/s, v Netty loop", "flood", "spindle", "netty", 100));
    }

    private static Figure figure(String name, String what, String ours, String peer, double bar) {
        return new Figure(
                name,
                Contender.java(LoopContenders.class, what, ours),
                Contender.java(LoopContenders.class, what, peer),
                bar);
    }

    private static Figure node(String name, String what, double bar) {
        return new Figure(
                name, Contender.java(LoopContenders.class, what, "spindle"), Contender.node("loop.mjs", what), bar);
    }
}
