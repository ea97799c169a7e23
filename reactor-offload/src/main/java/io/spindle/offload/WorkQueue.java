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
 * lowest level and one at the middle, so that nothing waits for ever.
 */
final class WorkQueue {

    private static final int TURNS = 16;

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
        int turn = taken.get();
        int first = first(turn);
        Work work = levels.get(first).poll();
        for (int i = 0; work == null && i < levels.size(); i++) {
            work = levels.get(i).poll();
        }
        if (work != null) {
            taken.compareAndSet(
                    turn, (turn + 1) % TURNS); // of two at once the second counts nothing: no turn is left out
        }
        return work;
    }

    private int first(int turn) {
        if (turn == TURNS - 1) {
            return levels.size() - 1;
        }
        return turn == TURNS / 2 - 1 ? levels.size() / 2 : 0;
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
