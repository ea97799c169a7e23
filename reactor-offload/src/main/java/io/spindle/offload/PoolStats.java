// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.DurationRecorder;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What a pool has counted of its tasks, and who waits until there is none. */
final class PoolStats {

    private final BooleanSupplier nothingWaits;
    private final LongAdder started = new LongAdder();
    private final LongAdder ended = new LongAdder();
    private final LongAdder completed = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final LongAdder retried = new LongAdder();
    private final DurationRecorder waited = new DurationRecorder();
    private final DurationRecorder ran = new DurationRecorder();
    private final AtomicReference<Sinks.@Nullable Empty<Void>> drainSink = new AtomicReference<>();

    PoolStats(BooleanSupplier nothingWaits) {
        this.nothingWaits = nothingWaits;
    }

    void started() {
        started.increment();
    }

    void ended() {
        ended.increment();
    }

    void completed(long ranNanos) {
        completed.increment();
        ran.record(ranNanos);
    }

    void rejected() {
        rejected.increment();
    }

    void retried() {
        retried.increment();
    }

    int running() {
        long done = ended.sum(); // before those started: never more have ended
        return (int) (started.sum() - done);
    }

    long completedCount() {
        return completed.sum();
    }

    long rejectedCount() {
        return rejected.sum();
    }

    long retriedCount() {
        return retried.sum();
    }

    DurationRecorder waited() {
        return waited;
    }

    DurationRecorder ran() {
        return ran;
    }

    /** Completes when for a moment nothing waits or runs. */
    Mono<Void> drain() {
        return Mono.defer(() -> {
            Sinks.Empty<Void> sink = Objects.requireNonNull(
                    drainSink.updateAndGet(present -> present == null ? Sinks.empty() : present));
            tellIfDrained();
            return sink.asMono();
        });
    }

    /** To be called whenever less waits or runs. */
    void tellIfDrained() {
        if (drainSink.get() != null && nothingWaits.getAsBoolean() && running() == 0) {
            Sinks.Empty<Void> sink = drainSink.getAndSet(null);
            if (sink != null) {
                sink.tryEmitEmpty();
            }
        }
    }
}
