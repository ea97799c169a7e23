// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * An immutable description of a {@link BlockingPool}: its name, how many threads and waiting tasks it may have, and how
 * long an idle thread stays.
 *
 * <p>Each method returns a new description; {@link #start()} brings it to life, any number of times.
 *
 * @since 0.1.0
 */
public final class BlockingPoolSpec {

    static final int THREADS_PER_CORE = 10;

    private static final int DEFAULT_QUEUE_CAPACITY = 100_000;

    private final PoolSettings settings;

    private BlockingPoolSpec(PoolSettings settings) {
        this.settings = settings;
    }

    /**
     * Describes a pool with the defaults.
     *
     * @param name the name of the pool, not empty; its threads are called {@code name-1}, {@code name-2} and so on
     */
    public static BlockingPoolSpec of(String name) {
        return new BlockingPoolSpec(new PoolSettings(checkName(name), defaultThreads(), DEFAULT_QUEUE_CAPACITY));
    }

    static String checkName(String name) {
        if (Objects.requireNonNull(name, "name").isEmpty()) {
            throw new IllegalArgumentException("name must not be empty: the pool's threads are called by it");
        }
        return name;
    }

    static int checkThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be 1 or more, was " + threads);
        }
        return threads;
    }

    static int defaultThreads() {
        return THREADS_PER_CORE * Runtime.getRuntime().availableProcessors();
    }

    /** Returns the name of the pool. */
    public String name() {
        return settings.name;
    }

    /**
     * Sets how many threads the pool may have. They are started when they are needed.
     *
     * @param threads 1 or more. Default: ten for each processor
     */
    public BlockingPoolSpec threads(int threads) {
        checkThreads(threads);
        return with(changed -> changed.maxThreads = threads);
    }

    /** Returns how many threads the pool may have. */
    public int threads() {
        return settings.maxThreads;
    }

    /**
     * Sets how many tasks may wait for a thread, those that run not counted. What becomes of the next one
     * says {@link #onFull(OnFull)}.
     *
     * @param queueCapacity 1 or more. Default: 100,000
     */
    public BlockingPoolSpec queueCapacity(int queueCapacity) {
        checkQueueCapacity(queueCapacity);
        return with(changed -> changed.queueCapacity = queueCapacity);
    }

    static int checkQueueCapacity(int queueCapacity) {
        if (queueCapacity < 1) {
            throw new IllegalArgumentException("queueCapacity must be 1 or more, was " + queueCapacity);
        }
        return queueCapacity;
    }

    /** Returns how many tasks may wait for a thread. */
    public int queueCapacity() {
        return settings.queueCapacity;
    }

    /**
     * Sets how long a thread without work stays before it ends.
     *
     * @param keepAlive not negative; zero ends it at once. Default: 60 seconds
     */
    public BlockingPoolSpec keepAlive(Duration keepAlive) {
        Durations.checkNotNegative("keepAlive", keepAlive);
        return with(changed -> changed.idleTimeout = keepAlive);
    }

    /** Returns how long a thread without work stays before it ends. */
    public Duration keepAlive() {
        return settings.idleTimeout;
    }

    /**
     * Sets what becomes of a task when as many wait as may.
     *
     * @param onFull Default: {@link OnFull#REJECT}
     */
    public BlockingPoolSpec onFull(OnFull onFull) {
        Objects.requireNonNull(onFull, "onFull");
        return with(changed -> changed.onFull = onFull);
    }

    /** Returns what becomes of a task when as many wait as may. */
    public OnFull onFull() {
        return settings.onFull;
    }

    /**
     * Sets after how long a task that was interrupted, by a cancel or a time-out, and still runs is reported: with the
     * stack of its thread, at WARN, again each time as long has passed, and in {@link BlockingPoolMetrics#stuck()}. It
     * keeps its thread until it ends. A thread that goes on so long after the pool was disposed is reported too.
     *
     * @param stuckAfter more than zero. Default: 10 seconds
     */
    public BlockingPoolSpec stuckAfter(Duration stuckAfter) {
        Durations.positiveNanos("stuckAfter", stuckAfter);
        return with(changed -> changed.stuckAfter = stuckAfter);
    }

    /** Returns after how long a task that was interrupted and still runs is reported. */
    public Duration stuckAfter() {
        return settings.stuckAfter;
    }

    /**
     * Sets whether the threads are virtual, as many as {@link #threads(int)} says at most: for thousands of calls that wait,
     * each of which would cost a thread of the system. Calls that compute, or that block within native code, gain nothing, and
     * before Java 24 those that block in a {@code synchronized} block keep a carrier.
     *
     * @param virtual Default: false. Without effect before Java 21
     */
    public BlockingPoolSpec virtualThreads(boolean virtual) {
        return with(changed -> changed.virtual = virtual);
    }

    /** Returns whether the threads are to be virtual. */
    public boolean virtualThreads() {
        return settings.virtual;
    }

    private BlockingPoolSpec with(Consumer<PoolSettings> change) {
        return new BlockingPoolSpec(settings.with(change));
    }

    PoolSettings settings() {
        return settings;
    }

    /**
     * Starts a pool. Its threads are daemons.
     *
     * @return a pool without a thread so far; its caller disposes it
     */
    public BlockingPool start() {
        return DefaultBlockingPool.start(settings, false);
    }
}
