// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link WorkerPool} treats a task: its priority, its key, its time limit and whether it may be run again.
 * Immutable: each method returns new options.
 *
 * @since 0.1.0
 */
public final class TaskOptions {

    /** Which of the waiting tasks a thread takes first. */
    public enum Priority {
        /** Before all others. */
        HIGH(0),
        /** The default. */
        NORMAL(1),
        /** After all others. */
        LOW(2);

        final int level;

        Priority(int level) {
            this.level = level;
        }
    }

    static final long NO_TIMEOUT = 0;

    private static final int AS_THE_POOL = -1;
    private static final TaskOptions DEFAULTS = new TaskOptions(Priority.NORMAL, null, NO_TIMEOUT, AS_THE_POOL);

    private final Priority priority;
    private final @Nullable Object key;
    private final long timeoutNanos;
    private final int retries;

    private TaskOptions(Priority priority, @Nullable Object key, long timeoutNanos, int retries) {
        this.priority = priority;
        this.key = key;
        this.timeoutNanos = timeoutNanos;
        this.retries = retries;
    }

    /** Returns the defaults: normal priority, no key, no time limit, retries as the pool says. */
    public static TaskOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Sets which of the waiting tasks go first. None starves: one turn in sixteen begins with the lowest, and one with the
     * normal ones.
     *
     * @param priority Default: {@link Priority#NORMAL}
     */
    public TaskOptions priority(Priority priority) {
        return new TaskOptions(Objects.requireNonNull(priority, "priority"), key, timeoutNanos, retries);
    }

    /** Returns which of the waiting tasks go first. */
    public Priority priority() {
        return priority;
    }

    /**
     * Sets a key: tasks with equal keys run in the order in which they were subscribed to, never two at a time, on any
     * thread. The key's first waiting task says their priority. A task of a pool that blocks until one with a key is done may
     * wait for ever, for such a task never runs on its caller's thread.
     *
     * @param key with {@code equals} and {@code hashCode}. Default: none
     */
    public TaskOptions key(Object key) {
        return new TaskOptions(priority, Objects.requireNonNull(key, "key"), timeoutNanos, retries);
    }

    /** Returns the key, if there is one. */
    public Optional<Object> key() {
        return Optional.ofNullable(key);
    }

    /**
     * Limits the run, from its start: the time in the queue does not count, that of all {@link #retries(int)} together
     * does. When it is over the {@code Mono}, or the {@code map} of which it is an element, errors with
     * {@link java.util.concurrent.TimeoutException}, and the task is stopped as if it was cancelled.
     *
     * @param timeout more than zero. Default: none
     */
    public TaskOptions timeout(Duration timeout) {
        return new TaskOptions(priority, key, Durations.positiveNanos("timeout", timeout), retries);
    }

    /** Returns the limit of the run, if there is one. */
    public Optional<Duration> timeout() {
        return timeoutNanos == NO_TIMEOUT ? Optional.empty() : Optional.of(Duration.ofNanos(timeoutNanos));
    }

    /**
     * Sets how often the task may be run again after its worker was lost under it: a crash, an exit, or a kill that
     * nobody asked this pool for, reported as {@link WorkerLostException}. Allow it only if it does no harm that the
     * task is run twice, wholly or in part. What the task itself throws is never a reason, nor is a cancel, a time-out
     * or the end of the pool.
     *
     * <p>It is run again at once, by the same thread of the pool on another worker: it keeps its place before all that
     * wait, in the pool and of its key, and needs no room in the queue. If it is not to be run again, the error is that
     * of the last run; those before are suppressed in it. To wait in between, leave this at 0 and use Reactor's
     * {@code retryWhen(Retry.backoff(…).filter(WorkerLostException.class::isInstance))}: then each run is a task of its
     * own, which waits in the queue.
     *
     * @param retries 0 or more, beside the first run. Default: {@link WorkerPoolSpec#retries(int)}
     */
    public TaskOptions retries(int retries) {
        return new TaskOptions(priority, key, timeoutNanos, checkRetries(retries));
    }

    static int checkRetries(int retries) {
        if (retries < 0) {
            throw new IllegalArgumentException("retries must be 0 or more, was " + retries);
        }
        return retries;
    }

    /** Returns how often the task may be run again; empty if that is as the pool says. */
    public OptionalInt retries() {
        return retries == AS_THE_POOL ? OptionalInt.empty() : OptionalInt.of(retries);
    }

    long timeoutNanos() {
        return timeoutNanos;
    }

    @Nullable
    Object keyOrNull() {
        return key;
    }
}
