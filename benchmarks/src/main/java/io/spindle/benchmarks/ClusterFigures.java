// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** The figures of {@code benchmarks/run cluster} and {@code benchmarks/run faults}. */
final class ClusterFigures {

    private static final int LOST = 0;
    private static final int REFUSED = 1;
    private static final int HUNG = 2;
    private static final int MILLIS = 3;
    private static final int CLIENTS = 16;

    private ClusterFigures() {}

    /** Throughput of two workers. */
    static List<Figure> all() {
        Contender shared = ours("keepalive", "shared");
        Contender handOff = ours("keepalive", "handoff");
        Contender sharedNew = ours("connect", "shared");
        Contender handOffNew = ours("connect", "handoff");
        return List.of(
                new Figure(
                        "hello world, 2 workers, requests/s, v one JVM with 2 loops",
                        shared,
                        ours("keepalive", "alone"),
                        1),
                new Figure(
                        "hello world, 2 workers, requests/s, v Node's cluster, RR",
                        shared,
                        node("keepalive", "rr"),
                        1.5),
                new Figure(
                        "hello world, hand-off, requests/s, v Node's cluster, RR",
                        handOff,
                        node("keepalive", "rr"),
                        1.5),
                new Figure(
                        "new connections/s, shared, v Node's cluster, NONE", sharedNew, node("connect", "none"), 1.5),
                new Figure("new connections/s, shared, v one JVM with 2 loops", sharedNew, ours("connect", "alone"), 1),
                new Figure("new connections/s, hand-off, v Node's cluster, RR", handOffNew, node("connect", "rr"), 2));
    }

    private static Contender ours(String what, String mode) {
        return Contender.java(ClusterContenders.class, what, mode).needing(Contender.Need.WRK);
    }

    private static Contender node(String what, String policy) {
        return Contender.node("cluster.mjs", what, policy).needing(Contender.Need.WRK);
    }

    /** What is lost while something happens. 16 clients send without a pause, half of them on new connections. */
    static List<Figure> faults() {
        List<Figure> figures = new ArrayList<>();
        for (String mode : List.of("shared", "handoff")) {
            for (String fault : List.of("reload", "scale", "term")) {
                Contender run = fault(fault, mode);
                figures.add(Figure.atMost(fault + ", " + mode + ", requests lost", run, LOST, 0));
                figures.add(Figure.atMost(fault + ", " + mode + ", connections refused", run, REFUSED, 0));
                figures.add(Figure.atMost(fault + ", " + mode + ", requests hung", run, HUNG, 0));
            }
            for (String fault : List.of("kill", "killall", "standby")) { // one request of each client may be in flight
                Contender run = fault(fault, mode);
                figures.add(Figure.atMost(fault + " -9, " + mode + ", requests lost", run, LOST, CLIENTS));
                figures.add(Figure.atMost(fault + " -9, " + mode + ", connections refused", run, REFUSED, 0));
                figures.add(Figure.atMost(fault + " -9, " + mode + ", requests hung", run, HUNG, 0));
                figures.add(Figure.atMost(
                        fault + " -9, " + mode + ", ms to full strength",
                        run,
                        MILLIS,
                        fault.equals("standby") ? 100 : 5000));
            }
        }
        return figures;
    }

    private static Contender fault(String fault, String mode) {
        return Contender.java(ClusterFaults.class, fault, mode);
    }
}
