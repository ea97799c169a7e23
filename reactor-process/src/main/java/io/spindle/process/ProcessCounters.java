// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.loop.DurationHistogram;
import io.spindle.loop.DurationRecorder;
import java.util.concurrent.atomic.LongAdder;

/** Counts what the children of this JVM do: an add for each chunk and each end. Any thread, without waiting. */
final class ProcessCounters {

    /** How a process ended, see {@link ProcessMetrics}. */
    enum End {
        EXITED,
        FAILED,
        KILLED
    }

    static final ProcessCounters ALL = new ProcessCounters();

    private final LongAdder spawned = new LongAdder();
    private final LongAdder failedSpawns = new LongAdder();
    private final LongAdder exited = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder killed = new LongAdder();
    private final LongAdder readBytes = new LongAdder();
    private final LongAdder writtenBytes = new LongAdder();
    private final LongAdder pauses = new LongAdder();
    private final DurationRecorder runTimes = new DurationRecorder();

    private ProcessCounters() {}

    void spawned() {
        spawned.increment();
    }

    void spawnFailed() {
        failedSpawns.increment();
    }

    /** Counts the end of a process whose spawn has been counted. */
    void ended(End end, long runNanos) {
        runTimes.record(Math.max(0, runNanos));
        switch (end) {
            case EXITED -> exited.increment();
            case FAILED -> failed.increment();
            case KILLED -> killed.increment();
        }
    }

    void read(int bytes) {
        readBytes.add(bytes);
    }

    void written(int bytes) {
        writtenBytes.add(bytes);
    }

    void paused() {
        pauses.increment();
    }

    long running() {
        long ended = exited.sum() + failed.sum() + killed.sum(); // before the spawns: never fewer than none
        return spawned.sum() - ended;
    }

    long spawnedCount() {
        return spawned.sum();
    }

    long failedSpawnsCount() {
        return failedSpawns.sum();
    }

    long exitedCount() {
        return exited.sum();
    }

    long failedCount() {
        return failed.sum();
    }

    long killedCount() {
        return killed.sum();
    }

    long readBytesCount() {
        return readBytes.sum();
    }

    long writtenBytesCount() {
        return writtenBytes.sum();
    }

    long pausesCount() {
        return pauses.sum();
    }

    DurationHistogram runTimes() {
        return runTimes.snapshot();
    }

    ProcessMetrics snapshot() {
        long exitedNow = exited.sum(); // before the spawns, so that no more seem to have ended than have begun
        long failedNow = failed.sum();
        long killedNow = killed.sum();
        long spawnedNow = spawned.sum();
        return new ProcessMetrics(
                spawnedNow - exitedNow - failedNow - killedNow,
                spawnedNow,
                failedSpawns.sum(),
                exitedNow,
                failedNow,
                killedNow,
                runTimes(),
                readBytes.sum(),
                writtenBytes.sum(),
                pauses.sum());
    }
}
