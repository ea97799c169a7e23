// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.offload.TaskRejectedException.Reason;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What a pool accepts, counts and refuses, and how it ends. Where the work waits and runs is its {@link Engine}. */
final class DefaultBlockingPool implements BlockingPool {

    private static final int OPEN = 0;
    private static final int CLOSING = 1;
    private static final int DISPOSED = 2;

    /** So many cancelled tasks may lie in the queue, and as many as wait: then they are removed, for O(1) each. */
    private static final int BURIAL_THRESHOLD = 256;

    private final String name;
    private final int threads;
    private final int capacity;
    private final boolean permanent;
    private final @Nullable DefaultBlockingPool parent;
    private final Engine engine;
    private final AtomicInteger state = new AtomicInteger(OPEN);
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicInteger abandoned = new AtomicInteger();
    private final LongAdder started = new LongAdder();
    private final LongAdder ended = new LongAdder();
    private final LongAdder completed = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final Sinks.Empty<Void> endSink = Sinks.empty();

    private DefaultBlockingPool(
            BlockingPoolSpec spec, boolean permanent, BiFunction<PoolThreads, String, Thread> factory) {
        this.name = spec.name();
        this.threads = spec.threads();
        this.capacity = spec.queueCapacity();
        this.permanent = permanent;
        this.parent = null;
        this.engine = new PoolThreads(spec, factory, this::noThread, this::tryTerminate);
    }

    private DefaultBlockingPool(DefaultBlockingPool parent, String name, int threads) {
        this.name = name;
        this.threads = threads;
        this.capacity = parent.capacity;
        this.permanent = false;
        this.parent = parent;
        this.engine = new PoolView(parent.engine, threads, this::viewTurned);
    }

    static BlockingPool start(
            BlockingPoolSpec spec, boolean permanent, BiFunction<PoolThreads, String, Thread> factory) {
        return new DefaultBlockingPool(spec, permanent, factory);
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
        return OffloadMono.of(this, Objects.requireNonNull(task, "task"), OffloadMono.NO_TIMEOUT);
    }

    @Override
    public <T> Mono<T> call(Callable<? extends @Nullable T> task, Duration timeout) {
        Objects.requireNonNull(task, "task");
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout must be more than zero, was " + timeout);
        }
        return OffloadMono.of(this, task, Durations.nanos(timeout));
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
        return mapping(mapper, concurrency, true);
    }

    @Override
    public <T, R> Function<Flux<T>, Flux<R>> mapUnordered(Function<? super T, ? extends R> mapper, int concurrency) {
        return mapping(mapper, concurrency, false);
    }

    private <T, R> Function<Flux<T>, Flux<R>> mapping(
            Function<? super T, ? extends R> mapper, int concurrency, boolean ordered) {
        Objects.requireNonNull(mapper, "mapper");
        if (concurrency < 1) {
            throw new IllegalArgumentException("concurrency must be 1 or more, was " + concurrency);
        }
        return source -> OffloadMap.of(source, this, mapper, concurrency, ordered);
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
        if (Thread.currentThread() instanceof PoolThread thread && engine.owns(thread) && !engine.hasSpare()) {
            if (isRefusing()) {
                return count(rejection(Reason.DISPOSED, null));
            }
            queued.incrementAndGet();
            if (task.enqueue()) {
                task.runOn(thread);
            } else {
                release();
            }
            return null;
        }
        return enqueue(task);
    }

    private @Nullable TaskRejectedException enqueue(PoolTask task) {
        TaskRejectedException refusal = reserve();
        if (refusal == null) {
            if (task.enqueue()) {
                submit(task);
            } else {
                release();
            }
        }
        return refusal;
    }

    /** Makes room for one task in the queue, or says why not. */
    @Nullable
    TaskRejectedException reserve() {
        int waiting;
        do {
            waiting = queued.get();
            if (waiting >= capacity) {
                return count(rejection(Reason.QUEUE_FULL, null));
            }
        } while (!queued.compareAndSet(waiting, waiting + 1));
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
            boolean own = Thread.currentThread() instanceof PoolThread thread && engine.owns(thread);
            return state.get() == DISPOSED || !own;
        }
        return parent != null && parent.isRefusing();
    }

    /** Whether nothing that waits will run any more. */
    boolean isDead() {
        return state.get() == DISPOSED || (parent != null && parent.isDead());
    }

    private TaskRejectedException rejection(Reason reason, @Nullable Throwable cause) {
        return new TaskRejectedException(name, reason, queued.get(), capacity, cause);
    }

    private TaskRejectedException count(TaskRejectedException error) {
        rejected.increment();
        return error;
    }

    private void noThread(Throwable cause) {
        engine.rejectQueued(rejection(Reason.NO_THREAD, cause));
    }

    /** Gives back the room of a task. */
    void release() {
        queued.decrementAndGet();
    }

    void taskStarted() {
        release();
        started.increment();
    }

    void taskCompleted() {
        completed.increment();
    }

    void taskEnded() {
        ended.increment();
    }

    void taskRejected() {
        rejected.increment();
    }

    void taskAbandoned() {
        int waiting = queued.decrementAndGet();
        if (abandoned.incrementAndGet() > BURIAL_THRESHOLD + waiting) {
            engine.removeIf(Work::bury);
        }
    }

    void taskBuried() {
        abandoned.decrementAndGet();
    }

    @Override
    public BlockingPoolMetrics metrics() {
        long done = ended.sum(); // before those started: never more have ended
        int running = (int) (started.sum() - done);
        return new BlockingPoolMetrics(engine.threads(), running, queued.get(), completed.sum(), rejected.sum());
    }

    @Override
    public void dispose() {
        if (permanent || state.getAndSet(DISPOSED) == DISPOSED) {
            return;
        }
        engine.close();
        engine.rejectQueued(rejection(Reason.DISPOSED, null));
        engine.interrupt();
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
        if (state.get() != OPEN && queued.get() == 0 && engine.isTerminated()) {
            endSink.tryEmitEmpty(); // fails if it has been emitted
        }
    }

    @Override
    public Mono<Void> onDispose() {
        return endSink.asMono();
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
