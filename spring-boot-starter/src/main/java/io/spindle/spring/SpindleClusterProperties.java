// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.cluster.Recycling;
import io.spindle.cluster.RestartPolicy;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties of the cluster. They are read before there is an application context, so they cannot come from a source
 * that is added by one, such as {@code @PropertySource}.
 *
 * @param workers Number of worker processes, or 'auto' for one for each processor. Not clustered if not set or 0.
 * @param grace How long a worker may finish what runs before it is killed. That of
 *     'spring.lifecycle.timeout-per-shutdown-phase' if not set.
 * @param startTimeout How long a worker may take until its application is ready before it is killed.
 * @param watch How long the new workers of a reload are watched before the old ones leave.
 * @param reloadOnHup Whether the signal HUP reloads the cluster, as systemd expects, and does not end it.
 * @param jvmArgs Flags for the JVMs of the workers, beside those of the program itself. None if not set.
 * @param heartbeat How long a worker that is ready may fail to answer before it is killed and replaced. Never asked if 0.
 * @param restart When workers that have died are replaced.
 * @param recycle When workers that are well are replaced.
 * @since 0.1.0
 */
@ConfigurationProperties("spindle.cluster")
public record SpindleClusterProperties(
        @Nullable String workers,
        @Nullable Duration grace,
        @DefaultValue("2m") Duration startTimeout,
        @DefaultValue("5s") Duration watch,
        @DefaultValue("false") boolean reloadOnHup,
        @DefaultValue List<String> jvmArgs,
        @DefaultValue("30s") Duration heartbeat,
        @DefaultValue Restart restart,
        @DefaultValue Recycle recycle) {

    static final String WORKERS = "spindle.cluster.workers";

    private static final String AUTO = "auto";
    private static final Pattern COUNT = Pattern.compile("auto|\\d{1,4}");

    /** Checks the bounds. */
    public SpindleClusterProperties {
        if (workers != null && !workers.isBlank() && !COUNT.matcher(workers).matches()) {
            throw new WrongPropertyException(WORKERS, workers, "must be a number of processes or 'auto'");
        }
        if (grace != null) {
            Rules.notNegative("spindle.cluster.grace", grace);
        }
        Rules.notLess("spindle.cluster.start-timeout", Duration.ofMillis(1), startTimeout);
        Rules.notNegative("spindle.cluster.watch", watch);
        Rules.notNegative("spindle.cluster.heartbeat", heartbeat);
        jvmArgs = List.copyOf(jvmArgs);
    }

    /**
     * When workers that have died are replaced.
     *
     * @param firstDelay How long the second replacement in a row waits. The first does not wait.
     * @param maxDelay How long a replacement waits at most.
     * @param stableAfter How long a worker must live to count as a good start.
     * @param maxFailedStarts Bad starts in a row of all workers after which the cluster gives up.
     */
    public record Restart(
            @DefaultValue("100ms") Duration firstDelay,
            @DefaultValue("30s") Duration maxDelay,
            @DefaultValue("10s") Duration stableAfter,
            @DefaultValue("8") int maxFailedStarts) {

        /** Checks the bounds. */
        public Restart {
            Rules.notNegative("spindle.cluster.restart.first-delay", firstDelay);
            Rules.notLess("spindle.cluster.restart.max-delay", firstDelay, maxDelay);
            Rules.notNegative("spindle.cluster.restart.stable-after", stableAfter);
            Rules.atLeast("spindle.cluster.restart.max-failed-starts", 1, maxFailedStarts);
        }

        RestartPolicy policy() {
            return RestartPolicy.exponential(firstDelay, maxDelay)
                    .stableAfter(stableAfter)
                    .maxFailedStarts(maxFailedStarts);
        }
    }

    /**
     * When workers that are well are replaced: a new one first, one at a time, looked at with each heartbeat.
     *
     * @param maxAge Age at which a worker is replaced. Never if 0.
     * @param maxMemory Resident memory at which a worker is replaced. Never if 0.
     * @param maxConnections Number of connections accepted at which a worker is replaced. Never if 0.
     * @param maxRequests Number of HTTP requests at which a worker is replaced. Never if 0.
     * @param jitter Part, from 0 to 1, by which each worker's limits of age, connections and requests may be lower.
     */
    public record Recycle(
            @DefaultValue("0s") Duration maxAge,
            @DefaultValue("0B") DataSize maxMemory,
            @DefaultValue("0") long maxConnections,
            @DefaultValue("0") long maxRequests,
            @DefaultValue("0.2") double jitter) {

        /** Checks the bounds. */
        public Recycle {
            Rules.notNegative("spindle.cluster.recycle.max-age", maxAge);
            Rules.atLeast("spindle.cluster.recycle.max-memory", 0, maxMemory.toBytes());
            Rules.atLeast("spindle.cluster.recycle.max-connections", 0, maxConnections);
            Rules.atLeast("spindle.cluster.recycle.max-requests", 0, maxRequests);
            if (!(jitter >= 0 && jitter <= 1)) {
                throw new WrongPropertyException("spindle.cluster.recycle.jitter", jitter, "must be from 0 to 1");
            }
        }

        Recycling limits() {
            return new Recycling(maxAge, maxMemory.toBytes(), maxConnections, maxRequests, jitter);
        }
    }

    /** How many workers there are to be; 0 for none. */
    int count() {
        if (workers == null || workers.isBlank()) {
            return 0;
        }
        return workers.equals(AUTO) ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(workers);
    }
}
