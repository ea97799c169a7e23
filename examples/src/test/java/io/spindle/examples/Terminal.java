// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Stands for System.out and System.err, by lines, until it is closed. */
final class Terminal implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 30;

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final Lines printed = new Lines();
    private final Lines complained = new Lines();

    Terminal() {
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    }

    /** Runs a command of the examples to its end. */
    int run(String... command) {
        return Main.commandLine().execute(command);
    }

    /** Takes the next line that was printed, or waits for it. */
    String awaitLine() throws InterruptedException {
        String line = printed.lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (line == null) {
            throw new AssertionError("nothing was printed, complaints: " + errors());
        }
        return line;
    }

    List<String> lines() {
        return List.copyOf(printed.lines);
    }

    List<String> errors() {
        return List.copyOf(complained.lines);
    }

    @Override
    public void close() {
        System.setOut(out);
        System.setErr(err);
    }

    private static final class Lines extends ByteArrayOutputStream {

        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

        @Override
        public synchronized void flush() {
            String text = toString(StandardCharsets.UTF_8);
            int end = text.lastIndexOf('\n') + 1;
            reset();
            writeBytes(text.substring(end).getBytes(StandardCharsets.UTF_8));
            text.substring(0, end).lines().forEach(lines::add);
        }
    }
}
