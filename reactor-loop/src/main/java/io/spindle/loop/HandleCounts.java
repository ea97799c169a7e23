// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** How many open handles are referenced, by their kind; adopted publishers in the total only. Any thread. */
final class HandleCounts {

    private final Map<String, Integer> counts = new ConcurrentHashMap<>();

    /** Of all kinds: looking at one kind after the other could miss a handle that comes as another one goes. */
    private final AtomicInteger total = new AtomicInteger();

    /** One more publisher, whose kind {@link Adoptions} knows. */
    void addPublisher() {
        total.incrementAndGet();
    }

    /** One publisher less; returns whether it was the last handle. */
    boolean removePublisher() {
        return total.decrementAndGet() == 0;
    }

    void add(String kind) {
        total.incrementAndGet();
        counts.merge(kind, 1, Integer::sum);
    }

    /** Takes back one that was added; returns whether it was the last one. */
    boolean remove(String kind) {
        counts.computeIfPresent(kind, (same, count) -> count == 1 ? null : count - 1);
        return total.decrementAndGet() == 0;
    }

    boolean isEmpty() {
        return total.get() == 0;
    }

    /** How many handles there are of each kind. A kind may be a name of its own, so those without a handle are not kept. */
    Map<String, Integer> byKind() {
        return Map.copyOf(counts);
    }
}
