// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of the pool for blocking calls.
 *
 * @param threads The most threads of the pool. Ten for each processor if not set.
 * @param queueCapacity The most calls that wait for a thread; one more is rejected.
 * @param keepAlive How long a thread without work stays.
 * @since 0.1.0
 */
@ConfigurationProperties("spindle.offload")
public record SpindleOffloadProperties(
        @Nullable Integer threads,
        @DefaultValue("100000") int queueCapacity,
        @DefaultValue("60s") Duration keepAlive) {}
