// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The tasks that wait, the oldest first, for a pool that drops the oldest when it is full. Those that do not wait any more
 * are forgotten, behind one that still does in bulk. Thread-safe.
 */
final class TasksByAge {

    private static final int PURGE_THRESHOLD = 256;

    private final Queue<PoolTask> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger added = new AtomicInteger(); // since the last purge
    private volatile int kept; // by that

    /** Adds the youngest. */
    void add(PoolTask task) {
        tasks.offer(task);
        for (PoolTask first = tasks.peek(); first != null && first.state != PoolTask.WAITING; first = tasks.peek()) {
            tasks.remove(first);
        }
        if (added.incrementAndGet() > PURGE_THRESHOLD + kept) {
            added.set(0);
            tasks.removeIf(each -> each.state != PoolTask.WAITING);
            kept = tasks.size();
        }
    }

    /** Ends the oldest one that still waits with an error; false if none does. */
    boolean dropOldest(Supplier<TaskRejectedException> error) {
        for (PoolTask oldest = tasks.poll(); oldest != null; oldest = tasks.poll()) {
            if (oldest.drop(error.get())) {
                return true;
            }
        }
        return false;
    }

    int size() {
        return tasks.size();
    }
}
