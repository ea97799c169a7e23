// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One comparison: a figure of ours against the same of a peer, with the ratio that we hold ourselves to. A larger
 * figure is better; a duration is turned into a rate by its contender.
 *
 * @param name what is measured, with its unit
 * @param ours our program
 * @param peer the peer's program
 * @param bar the least ratio of ours to the peer's
 */
record Figure(String name, Contender ours, Contender peer, double bar) {

    /** The outcome of all rounds. */
    record Result(Figure figure, double ours, double peer, double ratio, String note) {

        boolean isShort() {
            return note.equals("short");
        }

        String line() {
            return note.startsWith("skipped")
                    ? String.join("\t", figure.name, "-", "-", "-", number(figure.bar), note)
                    : String.join(
                            "\t", figure.name, number(ours), number(peer), number(ratio), number(figure.bar), note);
        }

        private static String number(double value) {
            return value >= 1000
                    ? String.format(Locale.ROOT, "%,.0f", value).replace(',', '_')
                    : String.format(Locale.ROOT, "%.2f", value);
        }
    }

    /**
     * Runs figures that share our program: in each round ours once and each peer, every other round the other way
     * round, so that nobody always has the cooler machine. A ratio is the median of the ratios of the rounds.
     */
    static List<Result> run(List<Figure> sharing, int rounds, boolean quick) throws Exception {
        Set<Contender> contenders = new LinkedHashSet<>(List.of(sharing.get(0).ours));
        sharing.forEach(figure -> contenders.add(figure.peer));
        contenders.removeIf(contender -> contender.missing() != null);
        List<Contender> order = new ArrayList<>(contenders);
        Map<Contender, List<Double>> measured = new HashMap<>();
        for (int round = 0; round < rounds && order.size() > 1; round++) {
            for (Contender contender : order) {
                measured.computeIfAbsent(contender, fresh -> new ArrayList<>()).add(contender.measure(quick));
            }
            Collections.reverse(order);
        }
        return sharing.stream().map(figure -> figure.result(measured)).toList();
    }

    private Result result(Map<Contender, List<Double>> measured) {
        for (Contender contender : List.of(ours, peer)) {
            String missing = contender.missing();
            if (missing != null) {
                return new Result(this, 0, 0, 0, "skipped (" + missing + ")");
            }
        }
        List<Double> mine = measured.get(ours);
        List<Double> theirs = measured.get(peer);
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < mine.size(); round++) {
            ratios.add(mine.get(round) / theirs.get(round));
        }
        double ratio = median(ratios);
        return new Result(this, median(mine), median(theirs), ratio, ratio >= bar ? "ok" : "short");
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
