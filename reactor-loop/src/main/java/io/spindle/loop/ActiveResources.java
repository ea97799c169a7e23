// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.AbstractList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** A kind for each of what keeps a loop alive: an immutable list that a million timers do not make long to build. */
final class ActiveResources extends AbstractList<String> {

    /** The kinds, by the index that is the first behind them. */
    private final TreeMap<Integer, String> kinds = new TreeMap<>();

    private ActiveResources(Map<String, Integer> counts) {
        int end = 0;
        for (Map.Entry<String, Integer> count : counts.entrySet()) {
            if (count.getValue() > 0) {
                end += count.getValue();
                kinds.put(end, count.getKey());
            }
        }
    }

    static ActiveResources of(HandleCounts handles, Adoptions adoptions, NettyLoop loop) {
        Map<String, Integer> counts = new LinkedHashMap<>(handles.byKind());
        adoptions.byKind().forEach((kind, count) -> counts.merge(kind, count, Integer::sum));
        counts.merge("Timeout", loop.timers().referenced(), Integer::sum);
        counts.merge("Immediate", loop.referencedImmediates(), Integer::sum);
        counts.merge("Channel", loop.referencedChannels().count(), Integer::sum);
        return new ActiveResources(counts);
    }

    @Override
    public String get(int index) {
        Objects.checkIndex(index, size());
        return kinds.higherEntry(index).getValue();
    }

    @Override
    public int size() {
        return kinds.isEmpty() ? 0 : kinds.lastKey();
    }

    @Override
    public boolean contains(Object kind) {
        return kinds.containsValue(kind);
    }
}
