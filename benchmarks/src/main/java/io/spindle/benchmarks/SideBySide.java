// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.List;

/**
 * Runs the figures of one area: each contender in a fresh process, ours and the peer in turn, round after round, so
 * that a change of the machine's speed meets both. Prints one tab-separated line a figure.
 */
public final class SideBySide {

    private static final int ROUNDS = 5;

    private SideBySide() {}

    /**
     * Runs one area.
     *
     * @param args the area, and {@code --quick} for one short round
     */
    public static void main(String[] args) throws Exception {
        boolean quick = List.of(args).contains("--quick");
        List<Figure> figures = figures(args[0]);
        if (figures.isEmpty()) {
            System.out.println(args[0] + "\t-\t-\t-\t-\tskipped (no figures yet)");
            return;
        }
        System.out.println("name\tours\tpeer\tratio\tbar\tresult");
        System.exit(Rounds.allGood(figures, quick ? 1 : ROUNDS, quick) ? 0 : 1);
    }

    private static List<Figure> figures(String area) {
        return switch (area) {
            case "loop" -> LoopFigures.all();
            case "offload" -> OffloadFigures.all();
            case "process" -> ProcessFigures.all();
            case "cluster" -> ClusterFigures.all();
            case "faults" -> ClusterFigures.faults();
            default -> List.of();
        };
    }
}
