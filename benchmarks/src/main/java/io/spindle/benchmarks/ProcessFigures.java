// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.List;

/** The figures of {@code benchmarks/run process}. */
final class ProcessFigures {

    private ProcessFigures() {}

    static List<Figure> all() {
        return List.of(
                new Figure(
                        "spawn true, 32 at a time, children/s, v ProcessBuilder on boundedElastic",
                        ours("spawn"),
                        peer("spawn", "elastic"),
                        0.9),
                new Figure(
                        "spawn true, 32 at a time, children/s, v Node",
                        ours("spawn"),
                        Contender.node("process.mjs", "spawn"),
                        1.7),
                new Figure(
                        "drain 1 GB written in 1 MB pieces, MB/s, v Node",
                        ours("drain"),
                        Contender.node("process.mjs", "drain"),
                        1.3),
                new Figure(
                        "drain 1 GB written in 1 MB pieces, MB/cpu s, v a blocking thread",
                        ours("drain-cpu"),
                        peer("drain-cpu", "thread"),
                        0.87));
    }

    private static Contender ours(String what) {
        return Contender.java(ProcessContenders.class, what, "spindle");
    }

    private static Contender peer(String what, String who) {
        return Contender.java(ProcessContenders.class, what, who);
    }
}
