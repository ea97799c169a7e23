// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** The figures of {@code benchmarks/run process}. */
final class ProcessFigures {

    /** Collects nothing, so that what was allocated can be seen. */
    private static final List<String> NO_COLLECTOR = List.of(
            "-XX:+UnlockExperimentalVMOptions",
            "-XX:+UseEpsilonGC",
            "-XX:-UseTLAB",
            "-XX:TieredStopAtLevel=1",
            "-Xlog:disable");

    /** Whether the figures are those of the engine without a thread for a child, which has bars of its own. */
    private static final boolean NATIVE = System.getProperty(
                    "spindle.process.engine",
                    Runtime.version().feature() >= Contender.NATIVE_ACCESS ? "native" : "epoll")
            .equals("native");

    private ProcessFigures() {}

    static List<Figure> all() {
        List<Figure> all = new ArrayList<>();
        all.addAll(streams());
        all.addAll(many());
        all.addAll(spawns());
        all.addAll(limits());
        return all;
    }

    private static List<Figure> streams() {
        return List.of(
                threads("B1 drain, dd bs=1M, MB/cpu s, v a blocking thread", "drain-dd", 1, 1 / 1.15),
                nu("B1 drain, dd bs=1M, MB/cpu s, v NuProcess 3", "drain-dd", 1, 1),
                node("B1 drain, dd bs=1M, MB/s, v Node", "drain-dd", 0, 1.3),
                threads("B2 drain, head -c, MB/cpu s, v a blocking thread", "drain-head", 1, 1 / 1.3),
                nu("B2 drain, head -c, MB/cpu s, v NuProcess 3", "drain-head", 1, 0.95),
                node("B2 drain, head -c, MB/s, v Node", "drain-head", 0, 1.5),
                threads("B3 lines of seq, lines/s, v BufferedReader", "lines", 0, 0.7),
                node("B3 lines of seq, lines/s, v Node readline", "lines", 0, 2),
                threads("B4 round trip through cat, MB/s, v blocking threads", "cat", 0, 1.2),
                nu("B4 round trip through cat, MB/s, v NuProcess 3", "cat", 0, 1.2),
                node("B4 round trip through cat, MB/s, v Node", "cat", 0, 2));
    }

    private static List<Figure> many() {
        double threads = NATIVE ? 2 : 505;
        double megabytes = NATIVE ? 20 : 70;
        Contender ours = java("hold", "spindle");
        List<Figure> all = new ArrayList<>();
        for (String who : List.of("threads", "nuprocess", "node")) {
            Contender peer = who.equals("node") ? node("hold") : java("hold", who);
            all.add(new Figure("B5 500 live cat, threads added, beside " + who, ours, peer, 0, threads, true));
            all.add(new Figure("B6 500 live cat, resident MB added, beside " + who, ours, peer, 1, megabytes, true));
        }
        return all;
    }

    private static List<Figure> spawns() {
        Contender heap = java(List.of("-XX:+AlwaysPreTouch"), "many", "spindle");
        return List.of(
                threads("B7 run true, one at a time, 1/s, v ProcessBuilder", "one", 0, 0.8),
                nu("B7 run true, one at a time, 1/s, v NuProcess 3", "one", 0, 8),
                node("B7 run true, one at a time, 1/s, v Node", "one", 0, 1.3),
                threads("B8 run true, 32 at a time, 1/s, v ProcessBuilder on boundedElastic", "many", 0, 0.9),
                nu("B8 run true, 32 at a time, 1/s, v NuProcess 3", "many", 0, 0.8),
                node("B8 run true, 32 at a time, 1/s, v Node", "many", 0, 1.7),
                new Figure("B9 the same with a full heap of 1 GB, v without", heap, java("many", "spindle"), 0.85),
                new Figure("B9 the same with a full heap of 1 GB, v Node", heap, node("many-heap"), 30));
    }

    private static List<Figure> limits() {
        Contender stall = Contender.java(ProcessEndurance.class, "stall");
        Contender exit = java("exit", "spindle");
        Contender pause = Contender.java(ProcessEndurance.class, "pause");
        Contender churn = Contender.java(ProcessEndurance.class, "churn");
        Contender tree = Contender.java(ProcessEndurance.class, "tree");
        return List.of(
                new Figure(
                        "B10 a timer's delay while 200 start, ms, p99, beside Node", stall, node("stall"), 0, 5, true),
                new Figure("B11 kill to notice, ms, p50, beside waitFor", exit, java("exit", "threads"), 0, 2, true),
                new Figure(
                        "B11 kill to notice, ms, p50, beside NuProcess 3", exit, java("exit", "nuprocess"), 0, 2, true),
                new Figure("B11 kill to notice, ms, p50, beside Node", exit, node("exit"), 0, 2, true),
                Figure.atMost("B11 kill to notice, ms, p99", exit, 1, 20),
                Figure.atMost("B12 slow reader of yes, 60 s, MB added", pause, 0, 5),
                Figure.atMost("B12 slow reader of yes, 60 s, % of a processor in yes", pause, 1, 1),
                Figure.atMost("B13 unread after the end, 60 s, wake-ups", pause, 2, 0),
                Figure.atMost("B14 10,000 runs, cancels and time-outs: zombies", churn, 0, 0),
                Figure.atMost("B14 10,000 runs, cancels and time-outs: descriptors added", churn, 1, 0),
                Figure.atMost("B14 10,000 runs, cancels and time-outs: direct MB added", churn, 2, 1),
                Figure.atMost("B15 kill of a tree of 50, ms", tree, 0, NATIVE ? 50 : 300),
                new Figure(
                        "B16 runs of echo for an allocated MB, v ProcessBuilder and readAllBytes",
                        java(NO_COLLECTOR, "allocation", "spindle"),
                        java(NO_COLLECTOR, "allocation", "threads"),
                        1 / 1.5));
    }

    private static Figure threads(String name, String what, int number, double bar) {
        return figure(name, what, java(what, "threads"), number, bar);
    }

    private static Figure nu(String name, String what, int number, double bar) {
        return figure(name, what, java(what, "nuprocess"), number, bar);
    }

    private static Figure node(String name, String what, int number, double bar) {
        return figure(name, what, node(what), number, bar);
    }

    private static Contender node(String what) {
        return Contender.node("process.mjs", what);
    }

    private static Figure figure(String name, String what, Contender peer, int number, double bar) {
        return new Figure(name, java(what, "spindle"), peer, number, bar, false);
    }

    private static Contender java(String what, String who) {
        return java(List.of(), what, who);
    }

    private static Contender java(List<String> options, String what, String who) {
        return Contender.java(options, ProcessContenders.class, what, who);
    }
}
