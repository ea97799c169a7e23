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

    void add(String kind) {
        AtomicInteger count = counts.get(kind);
        if (count == null) {
            count = counts.computeIfAbsent(kind, missing -> new AtomicInteger());
        }
        count.incrementAndGet();
    }

    /** Returns whether this was the last one of its kind. */
    boolean remove(String kind) {
        AtomicInteger count = counts.get(kind);
        return count != null && count.decrementAndGet() == 0;
    }

    boolean isEmpty() {
        for (AtomicInteger count : counts.values()) {
            if (count.get() > 0) {
                return false;
            }
        }
        return true;
    }

    /** Adds the kind of each to {@code kinds}, as often as there are handles of it. */
    void addTo(List<String> kinds) {
        counts.forEach((kind, count) -> kinds.addAll(Collections.nCopies(Math.max(0, count.get()), kind)));
    }
}
