// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.offload.Distance;
import io.spindle.offload.OnFull;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of the pool for computing.
 *
 * @param minThreads Threads that are started with the pool and stay.
 * @param maxThreads Most threads of the pool. One for each processor if not set.
 * @param queueCapacity Most tasks that wait for a thread.
 * @param idleTimeout How long a thread without work stays, if there are more than the fewest.
 * @param onFull What becomes of a task when as many wait as may.
 * @param distance Where tasks run: 'thread' for the pool's own threads, 'process' for a JVM for each, to which only tasks
 *     that are classes can go.
 * @param jvmArgs Flags of the JVMs of distance 'process', after those of this one. None if not set.
 * @param grace How long a task that is cancelled may run on before its thread is interrupted.
 * @since 0.1.0
 */
@ConfigurationProperties("spindle.worker")
public record SpindleWorkerProperties(
        @DefaultValue("0") int minThreads,
        @Nullable Integer maxThreads,
        @DefaultValue("10000") int queueCapacity,
        @DefaultValue("60s") Duration idleTimeout,
        @DefaultValue("reject") OnFull onFull,
        @DefaultValue("thread") Distance distance,
        @DefaultValue List<String> jvmArgs,
        @DefaultValue("1s") Duration grace) {

    /** Checks the bounds. */
    public SpindleWorkerProperties {
        Rules.atLeast("spindle.worker.min-threads", 0, minThreads);
        Rules.atLeast("spindle.worker.max-threads", Math.max(1, minThreads), maxThreads);
        Rules.atLeast("spindle.worker.queue-capacity", 1, queueCapacity);
        Rules.notNegative("spindle.worker.idle-timeout", idleTimeout);
        Rules.notNegative("spindle.worker.grace", grace);
        jvmArgs = List.copyOf(jvmArgs);
    }

    /** Returns the most threads of the pool: never fewer than the fewest. */
    int threads() {
        return maxThreads == null ? Math.max(minThreads, Runtime.getRuntime().availableProcessors()) : maxThreads;
    }
}
