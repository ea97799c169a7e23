// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An immutable description of a {@link WorkerPool}: its name, how many threads and waiting tasks it may have, and how
 * it treats those that are too many or too slow.
 *
 * <p>Each method returns a new description; {@link #start()} brings it to life, any number of times.
 *
 * @since 0.1.0
 */
public final class WorkerPoolSpec {

    private static final int DEFAULT_QUEUE_CAPACITY = 10_000;
    private static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(1);

    private final PoolSettings settings;

    private WorkerPoolSpec(PoolSettings settings) {
        this.settings = settings;
    }

    /**
     * Describes a pool with the defaults.
     *
     * @param name the name of the pool, not empty; its threads are called {@code name-1}, {@code name-2} and so on
     */
    public static WorkerPoolSpec of(String name) {
        return new WorkerPoolSpec(new PoolSettings(
                BlockingPoolSpec.checkName(name),
                0,
                Runtime.getRuntime().availableProcessors(),
                DEFAULT_QUEUE_CAPACITY,
                Durations.nanos(DEFAULT_IDLE_TIMEOUT),
                OnFull.REJECT,
                Durations.nanos(DEFAULT_GRACE),
                Durations.nanos(BlockingPoolSpec.DEFAULT_STUCK_AFTER),
                TaskOptions.Priority.values().length,
                null));
    }

    /** Returns the name of the pool. */
    public String name() {
        return settings.name();
    }

    /**
     * Sets the number of threads: {@code minThreads} are started with the pool and stay, the others are started when
     * they are needed and end after {@link #idleTimeout(Duration)}.
     *
     * @param minThreads 0 or more. Default: 0
     * @param maxThreads 1 or more, not fewer than {@code minThreads}. Default: one for each processor
     */
    public WorkerPoolSpec threads(int minThreads, int maxThreads) {
        checkThreads(minThreads, maxThreads);
        return with(minThreads, maxThreads, settings.queueCapacity(), settings.keepAliveNanos());
    }

    static void checkThreads(int minThreads, int maxThreads) {
        if (minThreads < 0) {
            throw new IllegalArgumentException("minThreads must be 0 or more, was " + minThreads);
        }
        if (maxThreads < Math.max(1, minThreads)) {
            throw new IllegalArgumentException("maxThreads must be 1 or more and not fewer than minThreads, which is "
                    + minThreads + ", was " + maxThreads);
        }
    }

    /**
     * Sets how long a thread without work stays before it ends, if there are more than {@code minThreads}.
     *
     * @param idleTimeout not negative; zero ends it at once. Default: 60 seconds
     */
    public WorkerPoolSpec idleTimeout(Duration idleTimeout) {
        long nanos = Durations.nanos(Durations.checkNotNegative("idleTimeout", idleTimeout));
        return with(settings.minThreads(), settings.maxThreads(), settings.queueCapacity(), nanos);
    }

    /**
     * Sets how many tasks may wait for a thread, those that run not counted. What becomes of the next one says
     * {@link #onFull(OnFull)}.
     *
     * @param queueCapacity 1 or more. Default: 10,000
     */
    public WorkerPoolSpec queueCapacity(int queueCapacity) {
        int capacity = BlockingPoolSpec.checkQueueCapacity(queueCapacity);
        return with(settings.minThreads(), settings.maxThreads(), capacity, settings.keepAliveNanos());
    }

    private WorkerPoolSpec with(int minThreads, int maxThreads, int queueCapacity, long idleNanos) {
        return new WorkerPoolSpec(new PoolSettings(
                settings.name(),
                minThreads,
                maxThreads,
                queueCapacity,
                idleNanos,
                settings.onFull(),
                settings.graceNanos(),
                settings.stuckNanos(),
                settings.priorities(),
                settings.places()));
    }

    /**
     * Sets what becomes of a task when as many wait as may.
     *
     * @param onFull Default: {@link OnFull#REJECT}
     */
    public WorkerPoolSpec onFull(OnFull onFull) {
        return with(Objects.requireNonNull(onFull, "onFull"), settings.graceNanos(), settings.places());
    }

    /**
     * Sets how long a task that is cancelled or out of time has, to see it by {@link WorkerPool#isCancelled()}, before
     * its thread is interrupted.
     *
     * @param grace not negative; zero interrupts at once. Default: 1 second
     */
    public WorkerPoolSpec grace(Duration grace) {
        long nanos = Durations.nanos(Durations.checkNotNegative("grace", grace));
        return with(settings.onFull(), nanos, settings.places());
    }

    /**
     * Sets after how long a task that was interrupted and still runs is reported: see
     * {@link BlockingPoolSpec#stuckAfter(Duration)}.
     *
     * @param stuckAfter more than zero. Default: 10 seconds
     */
    public WorkerPoolSpec stuckAfter(Duration stuckAfter) {
        return new WorkerPoolSpec(settings.withStuckNanos(Durations.positiveNanos("stuckAfter", stuckAfter)));
    }

    /**
     * Sets where the workers run their tasks, if not on their own threads.
     *
     * @param places opens a place for the worker of that name, on its thread; what it throws is the error of the task
     *     that is the first to need it. Default: none
     */
    public WorkerPoolSpec places(Function<? super String, ? extends WorkerPlace> places) {
        return with(settings.onFull(), settings.graceNanos(), Objects.requireNonNull(places, "places"));
    }

    private WorkerPoolSpec with(
            OnFull onFull, long graceNanos, @Nullable Function<? super String, ? extends WorkerPlace> places) {
        return new WorkerPoolSpec(new PoolSettings(
                settings.name(),
                settings.minThreads(),
                settings.maxThreads(),
                settings.queueCapacity(),
                settings.keepAliveNanos(),
                onFull,
                graceNanos,
                settings.stuckNanos(),
                settings.priorities(),
                places));
    }

    /**
     * Starts a pool. Its threads are daemons.
     *
     * @return a running pool; its caller disposes it
     */
    public WorkerPool start() {
        return new DefaultWorkerPool(DefaultBlockingPool.start(settings, false, PoolThread::new));
    }
}
