// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * A queue of its own, served by at most {@code limit} threads of another engine. This object stands in that engine's
 * queue once for each thread it may use: whoever takes it runs one task and, if there are more, puts it back at the
 * end, behind the work of others. So does libuv with slow I/O.
 *
 * <p>A task of that engine which calls this view may have to run the call in place. Then it takes a thread's turn from
 * who stands in the queue.
 */
final class PoolView implements Engine, Work {

    private final Engine parent;
    private final int limit;
    private final Runnable onTurn;
    private final ConcurrentLinkedQueue<Work> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger active = new AtomicInteger(); // threads that it stands in the queue for, or has
    private final Set<PoolThread> inside = ConcurrentHashMap.newKeySet(); // threads at its work
    private final AtomicInteger turns = new AtomicInteger(); // taken: how many are inside, or are about to be
    private volatile boolean closed;

    PoolView(Engine parent, int limit, Runnable onTurn) {
        this.parent = parent;
        this.limit = limit;
        this.onTurn = onTurn;
    }

    @Override
    public void submit(Work work) {
        queue.offer(work);
        activate();
    }

    private void activate() {
        int present = active.get();
        while (present < limit && !queue.isEmpty()) {
            if (active.compareAndSet(present, present + 1)) {
                parent.submit(this);
                return;
            }
            present = active.get();
        }
    }

    @Override
    public void runOn(PoolThread thread) {
        if (!enter(thread)) {
            active.decrementAndGet();
            if (turns.get() < limit) { // who gave a turn back may have seen this one standing
                activate();
            }
            onTurn.run();
            return;
        }
        try {
            Work work = queue.poll();
            if (work != null) {
                work.runOn(thread);
            }
        } finally {
            leave(thread);
            onTurn.run();
            if (queue.isEmpty()) {
                passivate();
            } else {
                parent.submit(this);
            }
        }
    }

    @Override
    public boolean runInPlace(PoolThread thread, Runnable work) {
        if (inside.contains(thread)) { // nested in what it does for this view
            if (hasSpare()) {
                return false;
            }
            work.run();
            return true;
        }
        if (!parent.owns(thread) || hasSpare() || !enter(thread)) {
            return false;
        }
        try {
            return parent.runInPlace(thread, work);
        } finally {
            leave(thread);
            activate();
        }
    }

    private boolean enter(PoolThread thread) {
        int present;
        do {
            present = turns.get();
            if (present >= limit) {
                return false;
            }
        } while (!turns.compareAndSet(present, present + 1));
        inside.add(thread);
        return true;
    }

    private void leave(PoolThread thread) {
        inside.remove(thread);
        turns.decrementAndGet();
    }

    private void passivate() {
        active.decrementAndGet();
        activate(); // for work that came before the count above
        onTurn.run();
    }

    @Override
    public void reject(TaskRejectedException error) {
        rejectQueued(error);
        passivate();
    }

    @Override
    public boolean bury() {
        return false;
    }

    @Override
    public boolean hasSpare() {
        return turns.get() < limit && active.get() < limit && parent.hasSpare();
    }

    @Override
    public boolean owns(PoolThread thread) {
        return parent.owns(thread);
    }

    @Override
    public void removeIf(Predicate<Work> filter) {
        queue.removeIf(filter);
    }

    @Override
    public void rejectQueued(TaskRejectedException error) {
        for (Work work = queue.poll(); work != null; work = queue.poll()) {
            work.reject(error);
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public void interrupt() {
        // the threads are not its own: what runs may finish
    }

    @Override
    public boolean isTerminated() {
        return closed && active.get() == 0 && queue.isEmpty();
    }

    @Override
    public int threads() {
        return active.get();
    }
}
