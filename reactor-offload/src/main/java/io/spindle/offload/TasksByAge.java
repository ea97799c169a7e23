// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/** The tasks that wait, the oldest first, for a pool that drops the oldest when it is full. Thread-safe. */
final class TasksByAge {

    private final Queue<PoolTask> tasks = new ConcurrentLinkedQueue<>();

    /** Adds the youngest. Those in front that do not wait any more are forgotten. */
    void add(PoolTask task) {
        tasks.offer(task);
        for (PoolTask first = tasks.peek(); first != null && first.state != PoolTask.WAITING; first = tasks.peek()) {
            tasks.remove(first);
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
}
