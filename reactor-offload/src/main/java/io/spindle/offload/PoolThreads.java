// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One queue and the threads that serve it, started on demand, at most {@code limit}.
 *
 * <p>A thread without work searches for a moment and then goes to sleep. Who adds work wakes a thread, or starts one,
 * only if none is searching; a thread that stops searching because it found work wakes the next if there is more. So
 * at any moment one wake-up at most is on its way, however much is submitted.
 *
 * <p>No wake-up is lost: who submits adds, then looks at {@code searching}; who gives up joins {@code idle}, leaves
 * {@code searching}, then looks at the queue again. One of the two always sees the other.
 */
final class PoolThreads implements Engine {

    private static final Logger log = LoggerFactory.getLogger(BlockingPool.class);
    private static final int SPINS = 64;

    private final String name;
    private volatile int minimum;
    private volatile int limit;
    private final long keepAliveNanos;
    private final int recycleAfter;
    private final BiFunction<PoolThreads, String, PoolThread> factory;
    private final Consumer<Throwable> onNoThread;
    private final Runnable onThreadEnd;
    private final WorkQueue queue;
    private final @Nullable Function<? super String, ? extends WorkerPlace> places;
    private final ConcurrentLinkedDeque<PoolThread> idle = new ConcurrentLinkedDeque<>();
    private final Set<PoolThread> alive = ConcurrentHashMap.newKeySet();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicInteger leaving = new AtomicInteger(); // of those that are counted
    private final AtomicInteger searching = new AtomicInteger();
    private final AtomicLong started = new AtomicLong();
    private volatile boolean closed;
    private volatile boolean interrupting; // all, for ever

    PoolThreads(
            PoolSettings settings,
            BiFunction<PoolThreads, String, PoolThread> factory,
            Consumer<Throwable> onNoThread,
            Runnable onThreadEnd) {
        this.name = settings.name;
        this.minimum = settings.minThreads;
        this.limit = settings.maxThreads;
        this.keepAliveNanos = Durations.nanos(settings.idleTimeout);
        this.recycleAfter = settings.recycleAfter;
        this.queue = new WorkQueue(settings.priorities);
        this.places = settings.places;
        this.factory = factory;
        this.onNoThread = onNoThread;
        this.onThreadEnd = onThreadEnd;
    }

    /** From now on at least {@code minThreads} stay and at most {@code maxThreads} run: the others end as they can. */
    void resize(int minThreads, int maxThreads) {
        minimum = minThreads;
        limit = maxThreads;
        startMinimum();
        wakeAll(); // those too many see it; for the others, there may be room for more
        if (!queue.isEmpty()) {
            signal();
        }
    }

    /** Starts the threads that are to be there without work: they search, find nothing and go to sleep. */
    void startMinimum() {
        for (int tries = minimum; tries > 0 && !closed; tries--) { // each may fail, when there is no thread to be had
            searching.incrementAndGet();
            if (!startThread(Math.min(minimum, limit))) {
                searching.decrementAndGet();
                return;
            }
        }
    }

    @Override
    public void submit(Work work) {
        queue.offer(work);
        if (searching.get() == 0) {
            signal();
        }
    }

    /** Sees to it that a thread searches. */
    private void signal() {
        while (searching.compareAndSet(0, 1)) { // this count goes to the thread that is woken or started
            if (wakeIdle() || startThread(limit)) {
                return;
            }
            searching.decrementAndGet();
            if (queue.isEmpty() || !hasSpare()) {
                return; // every thread is at work and looks at the queue when it is done
            }
        }
    }

    private boolean wakeIdle() {
        for (PoolThread thread = idle.pollFirst(); thread != null; thread = idle.pollFirst()) {
            if (thread.wakeUp()) {
                return true;
            }
        }
        return false;
    }

    /** Starts one, if there are fewer than so many. */
    private boolean startThread(int most) {
        int present;
        do {
            present = count.get();
            if (present >= most) {
                return false;
            }
        } while (!count.compareAndSet(present, present + 1));
        PoolThread thread = null;
        try {
            thread = factory.apply(this, name + "-" + started.incrementAndGet());
            alive.add(thread);
            thread.thread().start();
        } catch (Throwable error) { // OutOfMemoryError: the system has no more threads to give
            if (thread != null) {
                alive.remove(thread);
            }
            searching.decrementAndGet();
            if (count.decrementAndGet() == 0) {
                onNoThread.accept(error);
                onThreadEnd.run();
            } else {
                log.warn("[{}] could not start a thread, goes on with {}", name, present, error);
            }
        }
        return true;
    }

    /** The life of a thread. It is born searching. */
    void work(PoolThread me) {
        Work work = search();
        while (work != null || (work = sleep(me)) != null) {
            try {
                work.runOn(me);
            } catch (Throwable error) {
                log.error("[{}] a task threw, the pool goes on", name, error);
            } finally {
                forgetInterrupt(me.thread());
            }
            if (leavesAfter(me)) {
                break;
            }
            work = queue.poll();
            if (work == null) {
                searching.incrementAndGet();
                work = search();
            }
        }
        try {
            if (!queue.isEmpty()) {
                signal(); // who submitted may have taken this thread for one that searches
            }
            me.closePlace(); // may take its time; before another thread opens one, there are never more than threads
        } finally {
            count.decrementAndGet();
            leaving.decrementAndGet();
            try {
                startMinimum(); // if two at once found themselves too many
                if (!queue.isEmpty()) {
                    signal(); // for who came in between, when there was neither a free thread nor room for one
                }
            } finally {
                alive.remove(me);
                onThreadEnd.run();
            }
        }
    }

    /** Whether so many tasks are as many as a thread or its place is to run. */
    boolean isTooMuch(int tasks) {
        return recycleAfter != PoolSettings.NEVER && tasks >= recycleAfter;
    }

    /** A task may have ended with the interrupt that it was to restore, which is nothing to what this thread does next. */
    private void forgetInterrupt(Thread me) {
        if (Thread.interrupted() && interrupting) {
            me.interrupt();
        }
    }

    /** Whether a thread is to end after a task: it has had its share, or the pool has been made smaller than it is. */
    private boolean leavesAfter(PoolThread me) {
        if (me.isSpent()) {
            leaving.incrementAndGet();
            return true;
        }
        return leavesIfMoreThan(limit);
    }

    /** Whether a thread is to end because more than so many stay. It counts as leaving then, lest others leave for the same. */
    private boolean leavesIfMoreThan(int most) {
        int others;
        do {
            others = leaving.get();
            if (count.get() - others <= most) {
                return false;
            }
        } while (!leaving.compareAndSet(others, others + 1));
        return true;
    }

    private boolean leavesIdle() {
        if (closed) {
            leaving.incrementAndGet();
            return true;
        }
        return leavesIfMoreThan(minimum);
    }

    /** Looks for work for a moment. With work the thread does not count as searching any more, without it does. */
    private @Nullable Work search() {
        for (int i = 0; i < SPINS; i++) {
            Work work = queue.poll();
            if (work != null) {
                if (searching.decrementAndGet() == 0 && !queue.isEmpty()) {
                    signal();
                }
                return work;
            }
            Thread.onSpinWait();
        }
        return null;
    }

    /** Sleeps until there is work. Null, and not searching, if the thread is to end. */
    private @Nullable Work sleep(PoolThread me) {
        while (true) {
            if (leavesIfMoreThan(limit)) {
                searching.decrementAndGet();
                return null;
            }
            Work early = openAhead(me) ? search() : null;
            if (early != null) {
                return early;
            }
            me.fallAsleep();
            idle.addFirst(me); // the last to fall asleep is the first to wake: the others reach their keepAlive
            searching.decrementAndGet();
            if (queue.isEmpty() && !closed) {
                me.parkUntilWoken(mayEnd() ? keepAliveNanos : Long.MAX_VALUE);
            }
            if (me.awake()) {
                idle.remove(me);
                if (queue.isEmpty() && leavesIdle()) {
                    return null; // time is over, or closed
                }
                searching.incrementAndGet();
            } // else who woke it has counted it
            Work work = search();
            if (work != null) {
                return work;
            }
        }
    }

    /** One that is to stay opens its place before it is needed. Meanwhile it counts as at work. False if it need not. */
    private boolean openAhead(PoolThread me) {
        if (places == null || closed || me.hasPlace() || mayEnd()) {
            return false;
        }
        searching.decrementAndGet();
        if (queue.isEmpty()) { // looked at after leaving `searching`
            try {
                me.place(places);
            } catch (Throwable error) {
                if (!closed) {
                    log.warn("[{}] {} has no place to run tasks at, the next task tries again", name, me.name(), error);
                }
            }
        }
        searching.incrementAndGet();
        return true;
    }

    private boolean mayEnd() {
        return closed || count.get() - leaving.get() > minimum;
    }

    @Override
    public boolean hasSpare() {
        return count.get() < limit || !idle.isEmpty();
    }

    @Override
    public boolean owns(PoolThread thread) {
        return thread.threads() == this;
    }

    @Override
    public boolean runInPlace(PoolThread thread, Runnable work) {
        if (!owns(thread) || hasSpare()) {
            return false;
        }
        work.run();
        return true;
    }

    /** What is alive of its threads. */
    Set<Thread> alive() {
        return alive.stream().map(PoolThread::thread).collect(Collectors.toSet());
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
        wakeAll();
    }

    private void wakeAll() {
        for (PoolThread thread = idle.pollFirst(); thread != null; thread = idle.pollFirst()) {
            searching.incrementAndGet();
            if (!thread.wakeUp()) {
                searching.decrementAndGet();
            }
        }
    }

    @Override
    public void interrupt() {
        interrupting = true; // first: who has cleared one looks here
        alive.forEach(each -> each.thread().interrupt());
    }

    @Override
    public boolean isTerminated() {
        return closed && count.get() == 0 && alive.isEmpty() && queue.isEmpty();
    }

    @Override
    public int threads() {
        return count.get();
    }
}
