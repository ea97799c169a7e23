// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link WorkerPool} treats a task: its priority, its key and its time limit. Immutable: each method returns new
 * options.
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

    private static final TaskOptions DEFAULTS = new TaskOptions(Priority.NORMAL, null, OffloadMono.NO_TIMEOUT);

    private final Priority priority;
    private final @Nullable Object key;
    private final long timeoutNanos;

    private TaskOptions(Priority priority, @Nullable Object key, long timeoutNanos) {
        this.priority = priority;
        this.key = key;
        this.timeoutNanos = timeoutNanos;
    }

    /** Returns the defaults: normal priority, no key, no time limit. */
    public static TaskOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Sets which of the waiting tasks go first. None starves: one turn in sixteen goes to the lowest.
     *
     * @param priority Default: {@link Priority#NORMAL}
     */
    public TaskOptions priority(Priority priority) {
        return new TaskOptions(Objects.requireNonNull(priority, "priority"), key, timeoutNanos);
    }

    /** Returns which of the waiting tasks go first. */
    public Priority priority() {
        return priority;
    }

    /**
     * Sets a key: tasks with equal keys run in the order in which they were subscribed to, never two at a time, on any
     * thread. The key's first waiting task says their priority.
     *
     * @param key with {@code equals} and {@code hashCode}. Default: none
     */
    public TaskOptions key(Object key) {
        return new TaskOptions(priority, Objects.requireNonNull(key, "key"), timeoutNanos);
    }

    /** Returns the key, if there is one. */
    public Optional<Object> key() {
        return Optional.ofNullable(key);
    }

    /**
     * Limits the run, from its start: the time in the queue does not count. When it is over the {@code Mono} errors with
     * {@link java.util.concurrent.TimeoutException} and the task is stopped as if it was cancelled.
     *
     * @param timeout more than zero. Default: none
     */
    public TaskOptions timeout(Duration timeout) {
        return new TaskOptions(priority, key, Durations.positiveNanos("timeout", timeout));
    }

    /** Returns the limit of the run, if there is one. */
    public Optional<Duration> timeout() {
        return timeoutNanos == OffloadMono.NO_TIMEOUT ? Optional.empty() : Optional.of(Duration.ofNanos(timeoutNanos));
    }

    long timeoutNanos() {
        return timeoutNanos;
    }

    @Nullable
    Object keyOrNull() {
        return key;
    }
}
