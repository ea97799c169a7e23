// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.util.List;

/** A way to run programs: what the process figures compare. Each method returns when all is done. */
interface ProcessRunner {

    int CHUNK_BYTES = 64 * 1024;

    static ProcessRunner of(String who) {
        return switch (who) {
            case "spindle" -> new SpindleRunner();
            case "threads" -> new ThreadRunner();
            case "nuprocess" -> new NuRunner();
            default -> throw new IllegalArgumentException("unknown contender: " + who);
        };
    }

    /** Reads what a program writes and returns the bytes. */
    long drain(List<String> line) throws Exception;

    /** Counts the lines that a program writes, each as a string. */
    long lines(List<String> line) throws Exception;

    /** Sends bytes through {@code cat} and returns how many came back. */
    long throughCat(long bytes) throws Exception;

    /** Runs a program so many times to its end, reading both outputs to theirs. */
    long runAll(List<String> line, int times, int atATime) throws Exception;

    /** Starts so many {@code cat}, has a line come back from each while all live, then counts, then ends all. */
    void hold(int children, Runnable count) throws Exception;

    /** Kills a program that sleeps and returns the nanoseconds from the kill to the notice of its end. */
    long killedAfter() throws Exception;
}
