// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tasks with a key: those of one key wait in a lane of their own, and the lane stands in the pool's queue while it has
 * tasks. Whoever takes it runs one and puts it back at the end, so that no key holds up the others. A key is known only
 * while it has tasks.
 */
final class KeyLanes {

    private final Map<Object, Lane> lanes = new ConcurrentHashMap<>();
    private final Consumer<Work> target;

    KeyLanes(Consumer<Work> target) {
        this.target = target;
    }

    void add(Object key, PoolTask task) {
        Lane fresh = new Lane(key);
        Lane lane = lanes.compute(key, (same, present) -> {
            Lane chosen = present == null ? fresh : present;
            chosen.queue.offer(task); // in here, or it could join a lane that just leaves
            return chosen;
        });
        if (lane == fresh) {
            target.accept(lane);
        }
    }

    private final class Lane implements Work {

        private final Object key;
        private final Queue<PoolTask> queue = new ConcurrentLinkedQueue<>();

        Lane(Object key) {
            this.key = key;
        }

        @Override
        public int priority() {
            PoolTask first = queue.peek();
            return first == null ? Work.super.priority() : first.priority();
        }

        @Override
        public void runOn(PoolThread thread) {
            PoolTask task = queue.poll();
            try {
                if (task != null) {
                    task.runOn(thread);
                }
            } finally { // a subscriber may throw when it is told
                if (!leave()) {
                    target.accept(this);
                }
            }
        }

        /** Leaves if it is empty. */
        private boolean leave() {
            @Nullable Lane still = lanes.computeIfPresent(key, (same, present) -> queue.isEmpty() ? null : present);
            return still == null;
        }

        @Override
        public void reject(TaskRejectedException error) {
            do {
                for (PoolTask task = queue.poll(); task != null; task = queue.poll()) {
                    task.reject(error);
                }
            } while (!leave());
        }

        /** Stays, without the tasks that were cancelled. */
        @Override
        public boolean bury() {
            queue.removeIf(Work::bury);
            return false;
        }
    }
}
