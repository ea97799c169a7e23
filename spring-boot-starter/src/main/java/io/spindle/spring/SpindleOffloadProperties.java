// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.offload.OnFull;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of the pool for blocking calls.
 *
 * @param threads Most threads of the pool. Ten for each processor if not set.
 * @param queueCapacity Most calls that wait for a thread.
 * @param keepAlive How long a thread without work stays.
 * @param onFull What becomes of a call when as many wait as may.
 * @param virtualThreads Whether the threads are virtual. Without effect before Java 21.
 * @since 0.1.0
 */
@ConfigurationProperties("spindle.offload")
public record SpindleOffloadProperties(
        @Nullable Integer threads,
        @DefaultValue("100000") int queueCapacity,
        @DefaultValue("60s") Duration keepAlive,
        @DefaultValue("reject") OnFull onFull,
        @DefaultValue("false") boolean virtualThreads) {

    /** Checks the bounds. */
    public SpindleOffloadProperties {
        Rules.atLeast("spindle.offload.threads", 1, threads);
        Rules.atLeast("spindle.offload.queue-capacity", 1, queueCapacity);
        Rules.notNegative("spindle.offload.keep-alive", keepAlive);
    }
}
