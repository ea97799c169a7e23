// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.Schedulers;

/**
 * The tasks of a pool that were interrupted and still run. While there are any, somebody looks once in a while who of
 * them ignores the interrupt, and says so with the stack of its thread.
 */
final class StuckTasks {

    private static final Logger log = LoggerFactory.getLogger(BlockingPool.class);

    private final String pool;
    private final long intervalNanos;
    private final Map<PoolTask, Long> interruptedAt = new ConcurrentHashMap<>();
    private final AtomicBoolean watched = new AtomicBoolean();

    StuckTasks(String pool, long intervalNanos) {
        this.pool = pool;
        this.intervalNanos = intervalNanos;
    }

    /** The same for a view of the pool. */
    StuckTasks named(String view) {
        return new StuckTasks(view, intervalNanos);
    }

    /** Before the task can see that it was interrupted. */
    void interrupted(PoolTask task) {
        interruptedAt.put(task, System.nanoTime());
        watch();
    }

    void ended(PoolTask task) {
        interruptedAt.remove(task);
    }

    int count() {
        if (interruptedAt.isEmpty()) {
            return 0;
        }
        long now = System.nanoTime();
        return (int) interruptedAt.values().stream()
                .filter(at -> now - at >= intervalNanos)
                .count();
    }

    /** From now on nothing of the pool should run: reports each thread that does, until there is none. */
    void watchEnd(Supplier<Set<Thread>> alive) {
        lookAtEnd(alive, System.nanoTime());
    }

    private void lookAtEnd(Supplier<Set<Thread>> alive, long disposedAt) {
        if (alive.get().isEmpty()) {
            return;
        }
        try {
            Schedulers.parallel()
                    .schedule(
                            () -> {
                                long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - disposedAt);
                                for (Thread thread : withoutTasks(alive.get())) {
                                    log.warn(
                                            "[{}] was disposed {} ms ago and thread {} goes on:{}",
                                            pool,
                                            millis,
                                            thread.getName(),
                                            text(thread.getStackTrace()));
                                }
                                lookAtEnd(alive, disposedAt);
                            },
                            intervalNanos,
                            TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException noTimer) {
            log.debug("[{}] nobody looks whether its threads end", pool, noTimer);
        }
    }

    /** Those whose task was not interrupted by itself, and reported so. */
    private List<Thread> withoutTasks(Set<Thread> threads) {
        List<Thread> reported =
                interruptedAt.keySet().stream().map(PoolTask::runner).toList();
        return threads.stream().filter(thread -> !reported.contains(thread)).toList();
    }

    private void watch() {
        if (interruptedAt.isEmpty() || !watched.compareAndSet(false, true)) {
            return;
        }
        try {
            Schedulers.parallel().schedule(this::look, intervalNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException noTimer) { // it has been shut down: nobody is told
            watched.set(false);
        }
    }

    private void look() {
        watched.set(false);
        long now = System.nanoTime();
        interruptedAt.forEach((task, at) -> {
            if (now - at >= intervalNanos) {
                report(task, TimeUnit.NANOSECONDS.toMillis(now - at));
            }
        });
        watch();
    }

    private void report(PoolTask task, long millis) {
        Thread runner = task.runner();
        if (runner == null) {
            return;
        }
        StackTraceElement[] stack = runner.getStackTrace();
        if (!interruptedAt.containsKey(task)) {
            return; // it has ended: this may be the stack of the next
        }
        log.warn(
                "[{}] a task was interrupted {} ms ago and goes on, it keeps thread {}:{}",
                pool,
                millis,
                runner.getName(),
                text(stack));
    }

    private static String text(StackTraceElement[] stack) {
        return Stream.of(stack).map(frame -> "\n\tat " + frame).collect(Collectors.joining());
    }
}
