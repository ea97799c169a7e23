// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.math.BigDecimal;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

/**
 * One task of a pool: what is common to all is how it waits, runs, is cancelled or refused, each at most once.
 *
 * <pre>
 *   NEW → WAITING → RUNNING → DONE (→ DELIVERED)                    the last for elements of a map
 *                      ↳ (ASKED →) INTERRUPTING → INTERRUPTED   stopped while it ran: its outcome is not delivered
 *     ↳ BURIED  ↳ CANCELLED → BURIED                    stopped before; BURIED when it has left the queue
 * </pre>
 */
abstract class PoolTask implements Work, Runnable, Disposable {

    private static final Logger log = LoggerFactory.getLogger(BlockingPool.class);

    static final AtomicIntegerFieldUpdater<PoolTask> STATE =
            AtomicIntegerFieldUpdater.newUpdater(PoolTask.class, "state");
    static final int NEW = 0;
    static final int WAITING = 1;
    static final int RUNNING = 2;
    static final int ASKED = 3;
    static final int INTERRUPTING = 4;
    static final int INTERRUPTED = 5;
    static final int DONE = 6;
    static final int DELIVERED = 7;
    static final int CANCELLED = 8;
    static final int BURIED = 9;

    private static final AtomicIntegerFieldUpdater<PoolTask> DROP =
            AtomicIntegerFieldUpdater.newUpdater(PoolTask.class, "drop");
    private static final AtomicIntegerFieldUpdater<PoolTask> PARKING =
            AtomicIntegerFieldUpdater.newUpdater(PoolTask.class, "parking");
    private static final int PARKED = 1;
    private static final int UNPARKED = 2;
    private static final int DROPPED = 1;
    private static final int DROPPED_AND_BURIED = 2;
    private static final int TAKEN = 3; // by a thread, in the middle of being dropped

    final DefaultBlockingPool pool;
    private final TaskOptions options;
    volatile int state;
    private @Nullable PoolThread runner; // written before RUNNING, read after it
    private @Nullable Runnable decorated;
    private long sinceNanos; // waiting since, then running since
    private @Nullable Disposable timer; // running thread only
    private volatile @Nullable Disposable graceTimer;
    private volatile @Nullable PlacedRun placed; // if it runs at a place

    @SuppressWarnings("unused") // through its updater
    private volatile int drop;

    @SuppressWarnings("unused") // through its updater
    private volatile int parking; // waits for room, not yet in the queue

    PoolTask(DefaultBlockingPool pool, TaskOptions options) {
        this.pool = pool;
        this.options = options;
    }

    @Nullable
    Object key() {
        return options.keyOrNull();
    }

    final TaskOptions options() {
        return options;
    }

    @Override
    public final int priority() {
        return options.priority().level;
    }

    /** Does the work and says so: {@link #finish()} after the user's code. Catches everything it throws. */
    @Override
    public abstract void run();

    /** Called if the pool refuses it, instead of running it. */
    abstract void refused(TaskRejectedException error);

    /** From new to waiting: false if it was cancelled or is on its way already. */
    @SuppressWarnings("ReferenceEquality") // the hook returns this very task if there is nothing to decorate
    final boolean enqueue() {
        Runnable hooked = Schedulers.onSchedule(this);
        if (!hooked.equals(this)) {
            decorated = hooked;
        }
        sinceNanos = System.nanoTime();
        return STATE.compareAndSet(this, NEW, WAITING);
    }

    @Override
    public final void runOn(PoolThread thread) {
        runner = thread;
        if (!STATE.compareAndSet(this, WAITING, RUNNING)) {
            bury();
            return;
        }
        thread.countTask();
        long now = System.nanoTime();
        pool.taskStarted(now - sinceNanos);
        sinceNanos = now;
        PoolTask outer = thread.task();
        thread.setCurrent(this);
        try {
            Runnable hooked = decorated;
            if (hooked == null) {
                run();
            } else {
                hooked.run();
            }
        } finally {
            thread.setCurrent(outer);
            pool.taskEnded();
        }
    }

    /** Called on the running thread after the user's code. False if it was stopped: the outcome is to be dropped. */
    final boolean finish() {
        pool.taskCompleted(System.nanoTime() - sinceNanos);
        Disposable limit = timer;
        if (limit != null) {
            limit.dispose();
        }
        if (STATE.compareAndSet(this, RUNNING, DONE)) {
            return true;
        }
        if (STATE.compareAndSet(this, ASKED, INTERRUPTED)) { // within the grace: no interrupt comes any more
            Disposable grace = graceTimer;
            if (grace != null) {
                grace.dispose();
            }
            return false;
        }
        awaitInterrupt();
        pool.stuck().ended(this);
        Thread.interrupted(); // it was meant for this task, not for the next
        return false;
    }

    /** For a moment. Who interrupts may be a virtual thread, which needs the processor that this one would spin on. */
    @SuppressWarnings("ThreadPriorityCheck")
    private void awaitInterrupt() {
        while (state == INTERRUPTING) {
            Thread.yield();
        }
    }

    @Override
    public final void reject(TaskRejectedException error) {
        if (STATE.compareAndSet(this, WAITING, DONE)) {
            pool.taskRejected();
            tell(error);
            pool.release(); // after it has been told: the pool may end with this
        } else {
            bury();
        }
    }

    /** Gives its room in the queue to a later one: false if it does not wait any more. */
    final boolean drop(TaskRejectedException error) {
        if (!STATE.compareAndSet(this, WAITING, DONE)) {
            return false;
        }
        pool.taskRejected();
        if (DROP.compareAndSet(this, 0, DROPPED)) {
            abandoned();
        } else {
            pool.release();
        }
        tell(error);
        return true;
    }

    /** A subscriber that throws must not keep the pool from the next task, nor take the blame to who submitted that. */
    private void tell(TaskRejectedException error) {
        try {
            refused(error);
        } catch (Throwable thrown) {
            log.error("[{}] a subscriber threw when it was told that its task was refused", pool.name(), thrown);
        }
    }

    /** It is about to wait for room in the queue: false if it does so already. */
    final boolean park() {
        return PARKING.compareAndSet(this, 0, PARKED);
    }

    /** It waits for room no more: true for one caller, who counts it out. */
    final boolean unpark() {
        return PARKING.compareAndSet(this, PARKED, UNPARKED);
    }

    /** The pool did not take it. */
    final void refuse(TaskRejectedException error) {
        if (STATE.compareAndSet(this, NEW, DONE)) {
            refused(error);
        }
    }

    /** Stops it wherever it is: true if its outcome will never be delivered because of this call. */
    final boolean stop() {
        return stopWaiting() || interrupt();
    }

    /** Stops it if it has not started: true if it will never run because of this call. */
    final boolean stopWaiting() {
        if (STATE.compareAndSet(this, NEW, BURIED)) {
            pool.waiterLeft(this);
            return true;
        }
        if (STATE.compareAndSet(this, WAITING, CANCELLED)) {
            abandoned();
            return true;
        }
        return false;
    }

    /**
     * Stops the user's code if it runs, after the pool's grace by an interrupt: true for one caller, which then owns
     * the outcome.
     */
    final boolean interrupt() {
        long grace = pool.graceNanos();
        if (grace == 0) {
            return interruptNow(RUNNING);
        }
        if (!STATE.compareAndSet(this, RUNNING, ASKED)) {
            return false;
        }
        PlacedRun run = placed;
        if (run != null) {
            run.stop();
        }
        try {
            Disposable counting =
                    Schedulers.parallel().schedule(() -> interruptNow(ASKED), grace, TimeUnit.NANOSECONDS);
            graceTimer = counting;
            if (state != ASKED) { // it has ended, and may not have seen the timer
                counting.dispose();
            }
        } catch (RejectedExecutionException noTimer) { // who would count the grace has been shut down
            interruptNow(ASKED);
        }
        return true;
    }

    private boolean interruptNow(int from) {
        if (!STATE.compareAndSet(this, from, INTERRUPTING)) {
            return false;
        }
        Thread thread = runner();
        try {
            if (thread != null && thread != Thread.currentThread()) {
                pool.stuck().interrupted(this);
                thread.interrupt();
            }
        } finally {
            state = INTERRUPTED;
        }
        return true;
    }

    /**
     * Counts the time limit of its run, if it has one, until {@link #finish()}. On the running thread, before the user's
     * code; what it throws is an error of the run.
     */
    final void startTimer() {
        long nanos = options.timeoutNanos();
        if (nanos != TaskOptions.NO_TIMEOUT) {
            timer = Schedulers.parallel().schedule(this::outOfTime, nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void outOfTime() {
        if (interrupt()) {
            timedOut(new TimeoutException("a call on pool " + pool.name() + " ran for more than "
                    + BigDecimal.valueOf(options.timeoutNanos(), 6)
                            .stripTrailingZeros()
                            .toPlainString() + " ms and was "
                    + (pool.graceNanos() == 0 ? "interrupted" : "told to stop")));
        }
    }

    /** Called when its run was stopped because its time was over: it owns the outcome. */
    void timedOut(TimeoutException timeout) {}

    /** It runs at a place, which is told when it is to be stopped. Running thread only. */
    final void placed(PlacedRun run) {
        placed = run;
    }

    /** The thread that runs it. After the start only. */
    final @Nullable Thread runner() {
        PoolThread present = runner;
        return present == null ? null : present.thread();
    }

    /** Called when it was cancelled while it waits in the pool's queue. */
    void abandoned() {
        pool.taskAbandoned();
    }

    @Override
    public boolean bury() {
        if (STATE.compareAndSet(this, CANCELLED, BURIED) || DROP.compareAndSet(this, DROPPED, DROPPED_AND_BURIED)) {
            pool.taskBuried();
            return true;
        }
        return state == DONE && DROP.compareAndSet(this, 0, TAKEN);
    }

    @Override
    public void dispose() {
        stop();
    }

    @Override
    public final boolean isDisposed() {
        return state >= ASKED;
    }

    /** Whether it runs though nobody waits for its outcome. */
    final boolean isStopped() {
        int present = state;
        return present >= ASKED && present <= INTERRUPTED;
    }
}
