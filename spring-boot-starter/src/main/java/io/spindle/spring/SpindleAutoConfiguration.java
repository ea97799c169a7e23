// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of a {@link BlockingPool} named {@code offload}, sized by {@code spindle.offload.*} and disposed with
 * the context. It backs off before a bean of that type, and altogether with {@code spindle.enabled=false}.
 *
 * <p>The pool is a Reactor {@code Scheduler} and not an {@code Executor}, so Spring Boot's own task executor stays.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "spindle.enabled", matchIfMissing = true)
@EnableConfigurationProperties(SpindleOffloadProperties.class)
public final class SpindleAutoConfiguration {

    /** Called by Spring. */
    public SpindleAutoConfiguration() {}

    @Bean(destroyMethod = "dispose")
    @ConditionalOnMissingBean
    BlockingPool blockingPool(SpindleOffloadProperties properties) {
        BlockingPoolSpec spec = BlockingPoolSpec.of("offload")
                .queueCapacity(properties.queueCapacity())
                .keepAlive(properties.keepAlive());
        return (properties.threads() == null ? spec : spec.threads(properties.threads())).start();
    }
}
