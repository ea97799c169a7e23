// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

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
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(1);

    private final PoolSettings settings;
    private final Distance distance;
    private final List<String> jvmArgs;

    private WorkerPoolSpec(PoolSettings settings, Distance distance, List<String> jvmArgs) {
        this.settings = settings;
        this.distance = distance;
        this.jvmArgs = jvmArgs;
    }

    /**
     * Describes a pool with the defaults.
     *
     * @param name the name of the pool, not empty; its threads are called {@code name-1}, {@code name-2} and so on
     */
    public static WorkerPoolSpec of(String name) {
        PoolSettings defaults = new PoolSettings(
                BlockingPoolSpec.checkName(name), Runtime.getRuntime().availableProcessors(), DEFAULT_QUEUE_CAPACITY);
        defaults.grace = DEFAULT_GRACE;
        defaults.priorities = TaskOptions.Priority.values().length;
        return new WorkerPoolSpec(defaults, Distance.THREAD, List.of());
    }

    /** Returns the name of the pool. */
    public String name() {
        return settings.name;
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
        return with(changed -> {
            changed.minThreads = minThreads;
            changed.maxThreads = maxThreads;
        });
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
        Durations.checkNotNegative("idleTimeout", idleTimeout);
        return with(changed -> changed.idleTimeout = idleTimeout);
    }

    /**
     * Sets how many tasks may wait for a thread, those that run not counted. What becomes of the next one says
     * {@link #onFull(OnFull)}.
     *
     * @param queueCapacity 1 or more. Default: 10,000
     */
    public WorkerPoolSpec queueCapacity(int queueCapacity) {
        int capacity = BlockingPoolSpec.checkQueueCapacity(queueCapacity);
        return with(changed -> changed.queueCapacity = capacity);
    }

    private WorkerPoolSpec with(Consumer<PoolSettings> change) {
        return new WorkerPoolSpec(settings.with(change), distance, jvmArgs);
    }

    /**
     * Sets what becomes of a task when as many wait as may.
     *
     * @param onFull Default: {@link OnFull#REJECT}
     */
    public WorkerPoolSpec onFull(OnFull onFull) {
        Objects.requireNonNull(onFull, "onFull");
        return with(changed -> changed.onFull = onFull);
    }

    /**
     * Sets how long a task that is cancelled or out of time has, to see it by {@link WorkerPool#isCancelled()}, before
     * its thread is interrupted or, at {@link Distance#PROCESS}, its JVM is killed.
     *
     * @param grace not negative; zero does so at once. Default: 1 second
     */
    public WorkerPoolSpec grace(Duration grace) {
        Durations.checkNotNegative("grace", grace);
        return with(changed -> changed.grace = grace);
    }

    /** Returns how long a task that is to be stopped has before it is stopped by force. */
    public Duration grace() {
        return settings.grace;
    }

    /**
     * Sets after how long a task that was interrupted and still runs is reported: see
     * {@link BlockingPoolSpec#stuckAfter(Duration)}.
     *
     * @param stuckAfter more than zero. Default: 10 seconds
     */
    public WorkerPoolSpec stuckAfter(Duration stuckAfter) {
        Durations.positiveNanos("stuckAfter", stuckAfter);
        return with(changed -> changed.stuckAfter = stuckAfter);
    }

    /**
     * Sets how far away the tasks of {@code run} and {@code map} run. What is scheduled, as on any Scheduler, runs on the
     * threads of the pool.
     *
     * <p>At {@link Distance#PROCESS} each thread has a JVM of its own and waits for it: as many processes as
     * {@link #threads(int, int)} says, of which the first {@code minThreads} are started with the pool, the others for
     * their first task, and ended with their thread. Each runs one task at a time. It gets the class path, the flags and
     * the environment of this JVM, and {@link #jvmArgs}; its output goes where that of this one goes. The time in which
     * it starts, half a second or more, counts as part of the run of the task that waits for it, for
     * {@link TaskOptions#timeout(Duration)} too. A task that does not stop within the {@link #grace(Duration)} ends with
     * its JVM; so does one that takes the JVM down, with {@link WorkerLostException}. The next task gets a new JVM: at
     * once, or after a pause of up to 10 seconds if one after the other was lost before any task has ended.
     *
     * @param distance Default: {@link Distance#THREAD}
     */
    public WorkerPoolSpec distance(Distance distance) {
        return new WorkerPoolSpec(settings, Objects.requireNonNull(distance, "distance"), jvmArgs);
    }

    /** Returns how far away the tasks run. */
    public Distance distance() {
        return distance;
    }

    /**
     * Appends flags for the JVMs of {@link Distance#PROCESS}, after those of this JVM: of two for the same thing the last
     * counts. Without effect at another distance.
     *
     * @param flags such as {@code -Xmx256m}; without {@code -Xmx} each may take what this JVM may. They are told to exit
     *     when they run out of memory ({@code -XX:+ExitOnOutOfMemoryError}) before these
     * @throws IllegalArgumentException if one contains a NUL character
     */
    public WorkerPoolSpec jvmArgs(String... flags) {
        for (String flag : flags) {
            if (flag.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("flag must not contain a NUL character, was " + flag);
            }
        }
        return new WorkerPoolSpec(
                settings,
                distance,
                Stream.concat(jvmArgs.stream(), Stream.of(flags)).toList());
    }

    /** Returns the flags for the JVMs of {@link Distance#PROCESS}, beside those of this JVM. */
    public List<String> jvmArgs() {
        return jvmArgs;
    }

    /**
     * Sets where the workers run the tasks of {@code run} and {@code map}, if not where the {@link #distance(Distance)}
     * says: a place of one's own. What is scheduled, as on any Scheduler, runs on the threads.
     *
     * @param places opens a place for the worker of that name, on its thread; what it throws is the error of the task
     *     that is the first to need it. Default: none
     */
    public WorkerPoolSpec places(Function<? super String, ? extends WorkerPlace> places) {
        Objects.requireNonNull(places, "places");
        return with(changed -> changed.places = places);
    }

    /**
     * Sets how often each task may be run again after its worker was lost under it, see {@link WorkerLostException}:
     * allow it only if it does no harm that a task is run twice, wholly or in part. {@link TaskOptions#retries(int)}
     * says otherwise for one task, and how it is done. Without effect at {@link Distance#THREAD}, unless there are
     * {@link #places(Function)}: a thread of this JVM is not lost.
     *
     * <p>A worker that is lost while its place is opened counts too: a program that cannot start is started so many times.
     *
     * @param retries 0 or more, beside the first run. Default: 0, never
     */
    public WorkerPoolSpec retries(int retries) {
        TaskOptions.checkRetries(retries);
        return with(changed -> changed.retries = retries);
    }

    /**
     * Sets after how many tasks a thread, and with it its place or JVM, ends and makes room for a new one: against what
     * tasks leave behind in thread locals or, at {@link Distance#PROCESS}, in memory. 1 gives each task a worker of its
     * own. A task that is subscribed to on a thread of the pool while no other is free runs there in place, on its thread
     * however many that has run, but at a new place. Node analogues: Tinypool's {@code isolateWorkers}, a server's {@code max_requests}.
     *
     * @param tasks 1 or more. Default: never
     */
    public WorkerPoolSpec recycleAfter(int tasks) {
        if (tasks < 1) {
            throw new IllegalArgumentException("tasks must be 1 or more, was " + tasks);
        }
        return with(changed -> changed.recycleAfter = tasks);
    }

    /**
     * Starts a pool. Its threads are daemons.
     *
     * @return a running pool; its caller disposes it
     * @throws IllegalStateException if the {@link #distance(Distance)} needs a module that is not there, which it names
     * @throws UnsupportedOperationException if the distance cannot be gone on this system
     */
    public WorkerPool start() {
        boolean elsewhere = distance != Distance.THREAD && settings.places == null;
        PoolSettings resolved =
                elsewhere ? settings.with(changed -> changed.places = provider().places(this)) : settings;
        return new DefaultWorkerPool(DefaultBlockingPool.start(resolved, false), elsewhere);
    }

    private WorkerPlaceProvider provider() {
        return ServiceLoader.load(WorkerPlaceProvider.class, WorkerPlaceProvider.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.distance() == distance)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("pool " + name() + " is to run its tasks at the distance "
                        + distance + ", for which nothing is on the class path: add the dependency"
                        + " io.spindle:reactor-process"));
    }
}
