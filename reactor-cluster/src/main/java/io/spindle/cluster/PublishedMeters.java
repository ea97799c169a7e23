// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A worker's end of the meters that it publishes. Thread-safe. */
final class PublishedMeters {

    private final CopyOnWriteArrayList<Supplier<List<ClusterMeter>>> published = new CopyOnWriteArrayList<>();
    private final AtomicLong readings = new AtomicLong();
    private final AtomicReference<@Nullable Mono<Control.Meters>> running = new AtomicReference<>();

    /** What is the same as before is not published twice. */
    Disposable add(Supplier<List<ClusterMeter>> meters) {
        published.addIfAbsent(meters);
        return () -> published.remove(meters);
    }

    boolean isEmpty() {
        return published.isEmpty();
    }

    /**
     * Reads them once for all who ask meanwhile: what reads is the user's and may hang, so there is one thread for it at most,
     * which no cancel interrupts.
     */
    Mono<Control.Meters> read() {
        return Mono.defer(() -> {
            Mono<Control.Meters> present = running.get();
            return present == null ? begin() : present;
        });
    }

    private Mono<Control.Meters> begin() {
        Mono<Control.Meters> begun = Mono.fromCallable(this::readNow)
                .subscribeOn(Schedulers.boundedElastic())
                .doOnTerminate(() -> running.set(null))
                .cache();
        Mono<Control.Meters> other = running.compareAndExchange(null, begun);
        return other == null ? begun : other;
    }

    /** Numbered by their begin: an answer that comes late does not take the place of a newer one. */
    private Control.Meters readNow() {
        long number = readings.incrementAndGet();
        return new Control.Meters(
                number, published.stream().flatMap(each -> each.get().stream()).toList());
    }
}
