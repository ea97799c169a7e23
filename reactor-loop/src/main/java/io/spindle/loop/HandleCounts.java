// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** How many open handles are referenced, by their kind. Any thread. */
final class HandleCounts {

    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();

    /** Of all kinds: looking at one kind after the other could miss a handle that comes as another one goes. */
    private final AtomicInteger total = new AtomicInteger();

    void add(String kind) {
        total.incrementAndGet();
        AtomicInteger count = counts.get(kind);
        if (count == null) {
            count = counts.computeIfAbsent(kind, missing -> new AtomicInteger());
        }
        count.incrementAndGet();
    }

    /** Returns whether this was the last one. */
    boolean remove(String kind) {
        AtomicInteger count = counts.get(kind);
        assert count != null : "only what was added is removed";
        count.decrementAndGet();
        return total.decrementAndGet() == 0;
    }

    boolean isEmpty() {
        return total.get() == 0;
    }

    /** Adds the kind of each to {@code kinds}, as often as there are handles of it. */
    void addTo(List<String> kinds) {
        counts.forEach((kind, count) -> kinds.addAll(Collections.nCopies(Math.max(0, count.get()), kind)));
    }
}
