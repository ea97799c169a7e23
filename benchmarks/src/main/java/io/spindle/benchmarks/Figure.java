// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

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

    /** Runs both in turn; the ratio is the median of the ratios of the rounds. */
    Result run(int rounds, boolean quick) throws Exception {
        for (Contender contender : List.of(ours, peer)) {
            String missing = contender.missing();
            if (missing != null) {
                return new Result(this, 0, 0, 0, "skipped (" + missing + ")");
            }
        }
        List<Double> mine = new ArrayList<>();
        List<Double> theirs = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            double a = ours.measure(quick);
            double b = peer.measure(quick);
            mine.add(a);
            theirs.add(b);
            ratios.add(a / b);
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
