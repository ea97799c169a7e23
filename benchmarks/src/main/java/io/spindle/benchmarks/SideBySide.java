// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

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
        boolean anyShort = false;
        for (List<Figure> sharing : sharingOurs(figures)) {
            for (Figure.Result result : Figure.run(sharing, quick ? 1 : ROUNDS, quick)) {
                System.out.println(result.line());
                anyShort |= result.isShort();
            }
        }
        System.exit(anyShort ? 1 : 0);
    }

    /** The figures of one program of ours stand together: it is measured once a round for all of them. */
    private static Collection<List<Figure>> sharingOurs(List<Figure> figures) {
        return figures.stream()
                .collect(Collectors.groupingBy(Figure::ours, LinkedHashMap::new, Collectors.toList()))
                .values();
    }

    private static List<Figure> figures(String area) {
        return switch (area) {
            case "loop" -> LoopFigures.all();
            case "offload" -> OffloadFigures.all();
            case "process" -> ProcessFigures.all();
            default -> List.of();
        };
    }
}
