// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One number of ours, with what we hold it to: a least ratio to the same number of a peer, where larger is better, or a
 * most that it may be. A figure without a peer is a limit.
 *
 * @param name what is measured, with its unit
 * @param ours our program
 * @param peer the peer's program, or null
 * @param number which of the numbers that the programs print, from 0
 * @param bar the least ratio, or the most
 * @param limit whether the bar is the most; a peer's number is then there to be compared with
 */
record Figure(String name, Contender ours, @Nullable Contender peer, int number, double bar, boolean limit) {

    static final String FAILED = "failed";
    private static final String SHORT = "short";

    /** What the first number of ours must be, as a ratio to that of a peer. */
    Figure(String name, Contender ours, Contender peer, double bar) {
        this(name, ours, peer, 0, bar, false);
    }

    /** What a number of ours may be at most. */
    static Figure atMost(String name, Contender ours, int number, double most) {
        return new Figure(name, ours, null, number, most, true);
    }

    /** The outcome of all rounds, as it is printed. */
    record Result(Figure figure, String ours, String peer, String ratio, String note) {

        boolean isShort() {
            return note.equals(SHORT);
        }

        boolean failed() {
            return note.equals(FAILED);
        }

        String line() {
            String bar = (figure.limit ? "<= " : "") + number(figure.bar);
            return String.join("\t", figure.name, ours, peer, ratio, bar, note);
        }
    }

    /** The outcome if there are no numbers. */
    Result without(String note) {
        return new Result(this, "-", "-", "-", note);
    }

    /** The outcome if there are; the ratio is the median of those of the rounds, the others are medians too. */
    Result of(double mine, double theirs, double ratio) {
        boolean kept = limit ? mine <= bar : ratio >= bar;
        boolean compared = peer != null;
        return new Result(
                this,
                number(mine),
                compared ? number(theirs) : "-",
                compared ? number(ratio) : "-",
                kept ? "ok" : SHORT);
    }

    private static String number(double value) {
        return Math.abs(value) >= 1000
                ? String.format(Locale.ROOT, "%,.0f", value).replace(',', '_')
                : String.format(Locale.ROOT, "%.2f", value);
    }
}
