// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Tasks that wait for room in the queue of a full pool, the eldest first. Those that left are cleared in bulk. */
final class Waiters {

    private static final int PURGE_THRESHOLD = 256;

    private final Queue<PoolTask> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger present = new AtomicInteger();
    private final AtomicInteger gone = new AtomicInteger();

    /** False if it waits already. */
    boolean add(PoolTask task) {
        present.incrementAndGet(); // before anybody can count it out
        if (!task.park()) {
            present.decrementAndGet();
            return false;
        }
        queue.offer(task);
        return true;
    }

    /** The eldest, which may have left. Who takes one that has not calls {@link #served}. */
    @Nullable
    PoolTask poll() {
        return queue.poll();
    }

    void served(PoolTask task) {
        if (task.unpark()) {
            present.decrementAndGet();
        }
    }

    /** One was cancelled, perhaps while it waited. */
    void left(PoolTask task) {
        if (!task.unpark()) {
            return;
        }
        int waiting = present.decrementAndGet();
        if (gone.incrementAndGet() > PURGE_THRESHOLD + waiting) {
            gone.set(0);
            queue.removeIf(each -> each.state != PoolTask.NEW);
        }
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int size() {
        return present.get();
    }
}
