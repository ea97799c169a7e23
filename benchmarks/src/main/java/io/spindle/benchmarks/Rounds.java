// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The rounds of the figures that share one program of ours: in each it runs once, and so does each peer, one after the
 * other. Every second round has the order turned, so that what one leaves behind does not meet always the same.
 */
final class Rounds {

    private final List<Figure> figures;
    private final Map<Contender, List<double[]>> numbers = new LinkedHashMap<>();
    private final Map<Contender, String> absent = new LinkedHashMap<>();

    private Rounds(List<Figure> figures) {
        this.figures = figures;
    }

    /**
     * Runs the figures of an area, those with the same program together, and tells each result as it is known.
     *
     * @return whether no program of ours failed and, unless this is a smoke run, no figure is short of its bar
     */
    static boolean allGood(List<Figure> area, int rounds, boolean quick) throws InterruptedException {
        boolean allGood = true;
        Map<Contender, List<Figure>> groups = new LinkedHashMap<>();
        area.forEach(figure ->
                groups.computeIfAbsent(figure.ours(), ours -> new ArrayList<>()).add(figure));
        for (List<Figure> group : groups.values()) {
            for (Figure.Result result : new Rounds(group).run(rounds, quick)) {
                System.out.println(result.line());
                allGood &= !result.failed() && (quick || !result.isShort());
            }
        }
        return allGood;
    }

    private List<Figure.Result> run(int rounds, boolean quick) throws InterruptedException {
        List<Contender> contenders = new ArrayList<>(contenders());
        Contender ours = contenders.get(0);
        for (int round = 0; round < rounds; round++) {
            for (Contender contender : contenders) {
                measure(contender, contender.equals(ours), quick);
            }
            Collections.reverse(contenders);
        }
        return figures.stream().map(this::result).toList();
    }

    private Set<Contender> contenders() {
        Set<Contender> all = new LinkedHashSet<>(List.of(figures.get(0).ours()));
        for (Figure figure : figures) {
            if (figure.peer() != null) {
                all.add(figure.peer());
            }
        }
        for (Contender contender : all) {
            String missing = contender.missing();
            if (missing != null) {
                absent.put(contender, "skipped (" + missing + ")");
            }
        }
        return all;
    }

    private void measure(Contender contender, boolean ours, boolean quick) throws InterruptedException {
        if (absent.containsKey(contender)) {
            return;
        }
        try {
            numbers.computeIfAbsent(contender, unused -> new ArrayList<>()).add(contender.measure(quick));
        } catch (IOException e) {
            System.err.println(e.getMessage());
            absent.put(contender, ours ? Figure.FAILED : "skipped (the peer failed)");
        }
    }

    private Figure.Result result(Figure figure) {
        String note = absent.get(figure.ours());
        if (note == null && figure.peer() != null) {
            note = absent.get(figure.peer());
        }
        if (note != null) {
            return figure.without(note);
        }
        double[] mine = series(figure.ours(), figure.number());
        double[] theirs = series(figure.peer(), figure.number());
        double[] ratios = IntStream.range(0, theirs.length)
                .mapToDouble(round -> mine[round] / theirs[round])
                .toArray();
        return figure.of(median(mine), median(theirs), median(ratios));
    }

    private double[] series(@Nullable Contender contender, int number) {
        return contender == null
                ? new double[0]
                : numbers.get(contender).stream()
                        .mapToDouble(printed -> printed[number])
                        .toArray();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length == 0
                ? Double.NaN
                : sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
