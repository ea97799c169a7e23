// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.DurationHistogram;
import io.spindle.offload.TaskRejectedException.Reason;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * What a pool accepts, counts and refuses, and how it ends: the whole of a {@link BlockingPool}, and the inside of a
 * {@link WorkerPool}. Where the work waits and runs is its {@link Engine}.
 */
final class DefaultBlockingPool implements BlockingPool {

    private static final int OPEN = 0;
    private static final int CLOSING = 1;
    private static final int DISPOSED = 2;

    /** So many cancelled tasks may lie in the queue, and as many as wait: then they are removed, for O(1) each. */
    private static final int BURIAL_THRESHOLD = 256;

    private final String name;
    private volatile int threads;
    private final int capacity;
    private final OnFull onFull;
    private final long graceNanos;
    private final boolean permanent;
    private final @Nullable Function<? super String, ? extends WorkerPlace> places;
    private final int retries;
    private final @Nullable DefaultBlockingPool parent;
    private final Engine engine;
    private final AtomicInteger state = new AtomicInteger(OPEN);
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicInteger abandoned = new AtomicInteger();
    private final Waiters waiters = new Waiters();
    private final PoolStats stats = new PoolStats(this::nothingWaits);
    private final StuckTasks stuck;
    private final TasksByAge byAge = new TasksByAge(); // only if the oldest are to be dropped
    private final KeyLanes lanes = new KeyLanes(this::submit);
    private final Sinks.Empty<Void> endSink = Sinks.empty();

    private DefaultBlockingPool(
            PoolSettings settings, boolean permanent, BiFunction<PoolThreads, String, PoolThread> factory) {
        this.name = settings.name;
        this.threads = settings.maxThreads;
        this.capacity = settings.queueCapacity;
        this.onFull = settings.onFull;
        this.graceNanos = Durations.nanos(settings.grace);
        this.places = settings.places;
        this.retries = settings.retries;
        this.permanent = permanent;
        this.stuck = new StuckTasks(name, Durations.nanos(settings.stuckAfter));
        this.parent = null;
        this.engine = new PoolThreads(settings, factory, this::noThread, this::tryTerminate);
    }

    private DefaultBlockingPool(DefaultBlockingPool parent, String name, int threads) {
        this.name = name;
        this.threads = threads;
        this.capacity = parent.capacity;
        this.onFull = parent.onFull;
        this.graceNanos = parent.graceNanos;
        this.places = parent.places;
        this.retries = parent.retries;
        this.permanent = false;
        this.stuck = parent.stuck.named(name);
        this.parent = parent;
        this.engine = new PoolView(parent.engine, threads, this::viewTurned);
    }

    static DefaultBlockingPool start(PoolSettings settings, boolean permanent) {
        return start(settings, permanent, (threads, name) -> new PoolThread(threads, name, settings.virtual));
    }

    /** The same, with threads from elsewhere. */
    static DefaultBlockingPool start(
            PoolSettings settings, boolean permanent, BiFunction<PoolThreads, String, PoolThread> factory) {
        DefaultBlockingPool pool = new DefaultBlockingPool(settings, permanent, factory);
        if (pool.engine instanceof PoolThreads own) {
            own.startMinimum();
        }
        return pool;
    }

    void resize(int minThreads, int maxThreads) {
        threads = maxThreads;
        if (engine instanceof PoolThreads own) {
            own.resize(minThreads, maxThreads);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public BlockingPool view(String name, int threads) {
        return new DefaultBlockingPool(
                this, BlockingPoolSpec.checkName(name), Math.min(BlockingPoolSpec.checkThreads(threads), this.threads));
    }

    @Override
    public <T> Mono<T> call(Callable<? extends @Nullable T> task) {
        return OffloadMono.of(this, Objects.requireNonNull(task, "task"), TaskOptions.defaults());
    }

    @Override
    public <T> Mono<T> call(Callable<? extends @Nullable T> task, Duration timeout) {
        Objects.requireNonNull(task, "task");
        return OffloadMono.of(this, task, TaskOptions.defaults().timeout(timeout));
    }

    @Override
    public Mono<Void> run(Runnable task) {
        Objects.requireNonNull(task, "task");
        return this.<Void>call(() -> {
            task.run();
            return null;
        });
    }

    @Override
    public <T, R> Function<Flux<T>, Flux<R>> map(Function<? super T, ? extends R> mapper, int concurrency) {
        return mapping(OffloadMap.calling(mapper), concurrency, true, TaskOptions.defaults());
    }

    @Override
    public <T, R> Function<Flux<T>, Flux<R>> mapUnordered(Function<? super T, ? extends R> mapper, int concurrency) {
        return mapping(OffloadMap.calling(mapper), concurrency, false, TaskOptions.defaults());
    }

    <T, R> Function<Flux<T>, Flux<R>> mapping(
            Function<? super T, ? extends Callable<? extends @Nullable R>> calls,
            int concurrency,
            boolean ordered,
            TaskOptions options) {
        int atOnce = OffloadMap.checkConcurrency(concurrency);
        return source -> OffloadMap.of(source, this, calls, atOnce, ordered, options);
    }

    @Override
    public Disposable schedule(Runnable task) {
        ScheduledTask scheduled = new ScheduledTask(this, Objects.requireNonNull(task, "task"), null);
        TaskRejectedException refusal = enqueue(scheduled);
        if (refusal != null) {
            throw refusal;
        }
        return scheduled;
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
        return delay <= 0 ? schedule(task) : DelayedTask.once(this::schedule, task, delay, unit);
    }

    @Override
    public Disposable schedulePeriodically(Runnable task, long initialDelay, long period, TimeUnit unit) {
        return DelayedTask.periodic(this::schedule, task, initialDelay, period, unit);
    }

    @Override
    public Worker createWorker() {
        return new PoolWorker(this);
    }

    @Override
    public void init() {
        if (isDisposed()) {
            throw new IllegalStateException("pool " + name + " has been disposed and cannot start again");
        }
    }

    /** Takes a task, or says why not. One that the caller may wait for runs at once if no other thread could. */
    @Nullable
    TaskRejectedException offer(PoolTask task) {
        PoolThread thread = PoolThread.current();
        if (thread != null && engine.owns(thread) && task.key() == null) { // one with a key may have others before it
            if (isRefusing()) {
                return count(rejection(Reason.DISPOSED, null));
            }
            if (engine.runInPlace(thread, () -> runHere(task, thread))) {
                return null;
            }
        }
        if (onFull == OnFull.WAIT && !isRefusing()) {
            if (waiters.isEmpty() && reserveRoom()) {
                accept(task);
            } else if (waiters.add(task)) {
                if (task.state == PoolTask.BURIED) {
                    waiterLeft(task); // who cancelled it may not have seen that it waits
                }
                admitWaiters(); // there may be room by now
            }
            return null;
        }
        return enqueue(task);
    }

    private void runHere(PoolTask task, PoolThread thread) {
        queued.incrementAndGet();
        if (task.enqueue()) {
            task.runOn(thread);
        } else {
            release();
        }
    }

    private @Nullable TaskRejectedException enqueue(PoolTask task) {
        TaskRejectedException refusal = reserve();
        if (refusal == null) {
            accept(task);
        }
        return refusal;
    }

    /** Queues a task for which there is room. */
    private void accept(PoolTask task) {
        if (!task.enqueue()) {
            release();
            return;
        }
        if (onFull == OnFull.DROP_OLDEST) {
            byAge.add(task);
        }
        Object key = task.key();
        if (key == null) {
            submit(task);
        } else {
            lanes.add(key, task);
        }
    }

    private boolean reserveRoom() {
        int waiting;
        do {
            waiting = queued.get();
            if (waiting >= capacity) {
                return false;
            }
        } while (!queued.compareAndSet(waiting, waiting + 1));
        return true;
    }

    /** Lets in who waits for room, as far as there is room. */
    private void admitWaiters() {
        while (!waiters.isEmpty()) {
            if (isDead()) {
                rejectWaiters();
                return;
            }
            if (!reserveRoom()) {
                return; // who gives room back looks here again
            }
            PoolTask eldest = waiters.poll();
            if (eldest != null && eldest.state == PoolTask.NEW) {
                waiters.served(eldest);
                accept(eldest);
            } else {
                queued.decrementAndGet();
                settled(); // for a moment it seemed to wait
            }
        }
    }

    private void rejectWaiters() {
        for (PoolTask task = waiters.poll(); task != null; task = waiters.poll()) {
            waiters.served(task);
            task.refuse(count(rejection(Reason.DISPOSED, null)));
        }
    }

    void waiterLeft(PoolTask task) {
        waiters.left(task);
    }

    /** Makes room for one task in the queue, or says why not. */
    @Nullable
    TaskRejectedException reserve() {
        while (!reserveRoom()) {
            if (onFull != OnFull.DROP_OLDEST || !byAge.dropOldest(() -> rejection(Reason.DROPPED, null))) {
                return count(rejection(Reason.QUEUE_FULL, null));
            }
        }
        if (isRefusing()) { // looked at after the reservation: who ends the pool looks the other way round
            release();
            tryTerminate();
            return count(rejection(Reason.DISPOSED, null));
        }
        return null;
    }

    /** Queues work for which there is room. */
    void submit(Work work) {
        engine.submit(work);
        if (isDead()) {
            engine.rejectQueued(rejection(Reason.DISPOSED, null));
        }
    }

    /** A closing pool takes what its own threads call: it may be part of what they do. */
    private boolean isRefusing() {
        if (state.get() != OPEN) {
            PoolThread thread = PoolThread.current();
            boolean own = thread != null && engine.owns(thread);
            return state.get() == DISPOSED || !own;
        }
        return parent != null && parent.isRefusing();
    }

    /** Whether nothing that waits will run any more. */
    boolean isDead() {
        return state.get() == DISPOSED || (parent != null && parent.isDead());
    }

    /** What a task is told that was accepted and will not run. */
    TaskRejectedException disposed() {
        return rejection(Reason.DISPOSED, null);
    }

    private TaskRejectedException rejection(Reason reason, @Nullable Throwable cause) {
        return new TaskRejectedException(name, reason, queued.get(), capacity, cause);
    }

    private TaskRejectedException count(TaskRejectedException error) {
        stats.rejected();
        return error;
    }

    private void noThread(Throwable cause) {
        engine.rejectQueued(rejection(Reason.NO_THREAD, cause));
    }

    /** Gives back the room of a task. */
    void release() {
        queued.decrementAndGet();
        roomGiven();
    }

    private void roomGiven() {
        if (!waiters.isEmpty()) {
            admitWaiters();
        }
        settled();
    }

    /** Less waits: it may have been the last. */
    private void settled() {
        stats.tellIfDrained();
        if (state.get() != OPEN) {
            tryTerminate();
        }
    }

    void taskStarted(long waitedNanos) {
        stats.started(); // first, or nothing would seem to wait or run for a moment
        release();
        stats.waited().record(waitedNanos);
    }

    void taskCompleted(long ranNanos) {
        stats.completed(ranNanos);
    }

    void taskEnded() {
        stats.ended();
        settled();
    }

    StuckTasks stuck() {
        return stuck;
    }

    long graceNanos() {
        return graceNanos;
    }

    /** Runs a task's call where the threads of this pool run calls. On a thread of the pool. */
    <T> @Nullable T execute(PoolTask task, Callable<? extends @Nullable T> call) throws Exception {
        PoolThread thread = places == null ? null : PoolThread.current();
        if (thread == null) {
            return call.call();
        }
        return new PlacedRun(task, thread, Objects.requireNonNull(places))
                .run(call, task.options().retries().orElse(retries));
    }

    void taskRetried() {
        stats.retried();
    }

    long retried() {
        return stats.retriedCount();
    }

    /** How many tasks are kept to be dropped when they are the oldest. */
    int keptByAge() {
        return byAge.size();
    }

    /** Completes when for a moment nothing waits or runs. */
    Mono<Void> drain() {
        return stats.drain();
    }

    private boolean nothingWaits() {
        return queued.get() == 0 && waiters.isEmpty();
    }

    void taskRejected() {
        stats.rejected();
    }

    void taskAbandoned() {
        int waiting = queued.decrementAndGet();
        if (abandoned.incrementAndGet() > BURIAL_THRESHOLD + waiting) {
            engine.removeIf(Work::bury);
        }
        roomGiven();
    }

    void taskBuried() {
        abandoned.decrementAndGet();
    }

    @Override
    public BlockingPoolMetrics metrics() {
        return new BlockingPoolMetrics(
                engine.threads(),
                stats.running(),
                queued.get(),
                stats.completedCount(),
                stats.rejectedCount(),
                stuck.count());
    }

    int waiting() {
        return waiters.size();
    }

    /** The sum of the times that tasks ran. */
    long busyNanos() {
        return stats.ran().totalNanos();
    }

    @Override
    public DurationHistogram waitTimes() {
        return stats.waited().snapshot();
    }

    @Override
    public DurationHistogram runTimes() {
        return stats.ran().snapshot();
    }

    @Override
    public void dispose() {
        if (permanent || state.getAndSet(DISPOSED) == DISPOSED) {
            return;
        }
        engine.close();
        engine.rejectQueued(rejection(Reason.DISPOSED, null));
        rejectWaiters();
        engine.interrupt();
        if (engine instanceof PoolThreads own) {
            stuck.watchEnd(own::alive);
        }
        tryTerminate();
    }

    @Override
    public Mono<Void> disposeGracefully() {
        return Mono.defer(() -> {
            if (permanent) {
                return Mono.empty();
            }
            if (state.compareAndSet(OPEN, CLOSING)) {
                engine.close();
                tryTerminate();
            }
            return onDispose();
        });
    }

    /** After each task of a view: it may have been disposed meanwhile, or its parent. */
    private void viewTurned() {
        if (isDead()) {
            engine.rejectQueued(rejection(Reason.DISPOSED, null));
        }
        tryTerminate();
    }

    private void tryTerminate() {
        if (state.get() != OPEN && nothingWaits() && engine.isTerminated() && stats.running() == 0) {
            endSink.tryEmitEmpty(); // fails if it has been emitted
        }
    }

    @Override
    public Mono<Void> onDispose() {
        return parent == null ? endSink.asMono() : Mono.firstWithSignal(endSink.asMono(), parent.onDispose());
    }

    @Override
    public boolean isDisposed() {
        return state.get() != OPEN || (parent != null && parent.isDisposed());
    }

    @Override
    public String toString() {
        return "BlockingPool(" + name + ")";
    }
}
