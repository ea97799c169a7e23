// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The last lines that the primary has seen: what its workers print, as far as that passes through it, and what happens to them.
 * Bounded, once for all who read; who reads too slowly misses lines and is told how many, so nobody ever waits for a reader.
 * Thread-safe.
 */
final class RecentLines {

    static final int MAX_LINES = 2000;
    static final int MAX_CHARACTERS = 1 << 20;

    private static final int BATCH_LINES = 256;
    private static final int BATCH_CHARACTERS = 64 << 10;

    /** For a reader: the lines of all workers. */
    static final int ALL = 0;

    /** Who wrote a line. */
    enum Source {
        STDOUT,
        STDERR,
        PRIMARY
    }

    /**
     * One line.
     *
     * @param number 1, 2, 3…
     * @param worker whose it is, or whom it is about
     */
    record Line(long number, Instant time, int worker, Source source, String text) {}

    /**
     * Some lines.
     *
     * @param missed how many came too fast just before them
     * @param more completes when there are further ones; at once if these are not the last
     * @param isEnd there will be none
     */
    record Batch(long missed, List<Line> lines, Mono<Void> more, boolean isEnd) {}

    private final Object monitor = new Object();

    // Under the monitor.
    private final ArrayDeque<Line> lines = new ArrayDeque<>();
    private final Set<Reader> readers = new LinkedHashSet<>();
    private Sinks.Empty<Void> more = Sinks.empty();
    private long characters;
    private long lastNumber;
    private boolean ended;
    private boolean seesOutput;

    /**
     * Adds a line.
     *
     * @param text far shorter than all that is kept
     */
    void add(int worker, Source source, String text) {
        synchronized (monitor) {
            lines.addLast(new Line(++lastNumber, Instant.now(), worker, source, text));
            characters += text.length();
            while (lines.size() > MAX_LINES || characters > MAX_CHARACTERS) {
                forgetFirst();
            }
        }
        wakeReaders();
    }

    private void forgetFirst() {
        Line first = lines.removeFirst();
        characters -= first.text().length();
        readers.forEach(reader -> reader.forgotten(first));
    }

    private void wakeReaders() {
        Sinks.Empty<Void> waiting;
        synchronized (monitor) {
            if (readers.isEmpty()) {
                return;
            }
            waiting = more;
            more = Sinks.empty();
        }
        waiting.tryEmitEmpty();
    }

    /** At least one worker prints through the primary. */
    void seesOutput() {
        synchronized (monitor) {
            seesOutput = true;
        }
    }

    /** Returns whether a worker has printed through the primary, or might have. */
    boolean isOutputSeen() {
        synchronized (monitor) {
            return seesOutput;
        }
    }

    /** Nothing more will be added. */
    void end() {
        synchronized (monitor) {
            ended = true;
        }
        wakeReaders();
    }

    /** Returns whether a line of a worker is kept. */
    boolean has(int worker) {
        synchronized (monitor) {
            return lines.stream().anyMatch(line -> line.worker() == worker);
        }
    }

    /** How many read. */
    int readers() {
        synchronized (monitor) {
            return readers.size();
        }
    }

    /**
     * Begins to read.
     *
     * @param worker of which, or {@link #ALL}
     * @param tail how many of the lines that there are already
     * @param follows whether the reader ends with the cluster, or with the last line that there is now
     */
    Reader read(int worker, int tail, boolean follows) {
        synchronized (monitor) {
            Reader reader = new Reader(worker, follows, lastNumber);
            long next = lastNumber + 1;
            int left = tail;
            Iterator<Line> backwards = lines.descendingIterator();
            while (left > 0 && backwards.hasNext()) {
                Line line = backwards.next();
                if (reader.accepts(line)) {
                    next = line.number();
                    left--;
                }
            }
            reader.next = next;
            readers.add(reader);
            return reader;
        }
    }

    /** Where one client is. */
    final class Reader {

        private final int worker;
        private final boolean follows;
        private final long lastAtBegin;

        // Under the monitor.
        private long next;
        private long missed;

        private Reader(int worker, boolean follows, long lastAtBegin) {
            this.worker = worker;
            this.follows = follows;
            this.lastAtBegin = lastAtBegin;
        }

        private boolean accepts(Line line) {
            return (worker == ALL || line.worker() == worker) && (follows || line.number() <= lastAtBegin);
        }

        private void forgotten(Line line) {
            if (line.number() >= next && accepts(line)) {
                missed++;
            }
        }

        /** Takes what there is, but not too much. */
        Batch take() {
            synchronized (monitor) {
                List<Line> taken = new ArrayList<>();
                int size = 0;
                for (Line line : lines) {
                    if (taken.size() == BATCH_LINES || size > BATCH_CHARACTERS) {
                        break;
                    }
                    if (line.number() >= next) {
                        next = line.number() + 1;
                        if (accepts(line)) {
                            taken.add(line);
                            size += line.text().length();
                        }
                    }
                }
                long lost = missed;
                missed = 0;
                boolean reachedLast = next > (follows ? lastNumber : lastAtBegin);
                boolean isEnd = reachedLast && (ended || !follows);
                return new Batch(lost, taken, reachedLast ? more.asMono() : Mono.empty(), isEnd);
            }
        }

        void close() {
            synchronized (monitor) {
                readers.remove(this);
            }
        }
    }
}
