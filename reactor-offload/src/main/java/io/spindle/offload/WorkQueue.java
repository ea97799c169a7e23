// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a thread: first come, first served, at each level of priority. One turn in sixteen begins at the
 * lowest level, so that nothing waits for ever.
 */
final class WorkQueue {

    private static final int LOWEST_FIRST = 15;

    private final List<Queue<Work>> levels;
    private final AtomicInteger taken = new AtomicInteger();

    WorkQueue(int priorities) {
        levels = Stream.<Queue<Work>>generate(ConcurrentLinkedQueue::new)
                .limit(priorities)
                .toList();
    }

    void offer(Work work) {
        levels.get(Math.min(work.priority(), levels.size() - 1)).offer(work);
    }

    @Nullable
    Work poll() {
        return levels.size() == 1 ? levels.get(0).poll() : pollByPriority();
    }

    private @Nullable Work pollByPriority() {
        boolean lowestFirst = (taken.get() & LOWEST_FIRST) == LOWEST_FIRST;
        int last = levels.size() - 1;
        for (int i = 0; i <= last; i++) {
            Work work = levels.get(lowestFirst ? last - i : i).poll();
            if (work != null) {
                taken.incrementAndGet();
                return work;
            }
        }
        return null;
    }

    boolean isEmpty() {
        for (Queue<Work> level : levels) {
            if (!level.isEmpty()) {
                return false;
            }
        }
        return true;
    }

    void removeIf(Predicate<Work> filter) {
        levels.forEach(level -> level.removeIf(filter));
    }
}
