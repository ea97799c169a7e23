// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.offload.WorkerPool;
import io.spindle.offload.WorkerPoolSpec;
import io.spindle.process.Command;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Fallback;

/**
 * Auto-configuration of what Spindle offers inside one process. Each part backs off before a bean of its type, and all
 * of them with {@code spindle.enabled=false}:
 *
 * <ul>
 *   <li>a {@link BlockingPool} named {@code offload}, by {@code spindle.offload.*}
 *   <li>a {@link WorkerPool} named {@code compute}, by {@code spindle.worker.*}
 *   <li>an {@link EventLoop} named {@code loop}, by {@code spindle.loop.*}, with {@code spindle.loop.enabled=true} only
 *   <li>{@link Commands}, by {@code spindle.process.*}
 * </ul>
 *
 * <p>Pools have no thread before their first task. When the context closes they finish what they have accepted, behind the
 * web server and within {@code spring.lifecycle.timeout-per-shutdown-phase}, and are disposed.
 *
 * <p>They are Reactor {@code Scheduler}s and not {@code Executor}s, so Spring Boot's own task executor stays, and they are
 * fallbacks, so that a {@code Scheduler} of the application is still the one.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "spindle.enabled", matchIfMissing = true)
public final class SpindleAutoConfiguration {

    /** Called by Spring. */
    public SpindleAutoConfiguration() {}

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingBean(BlockingPool.class)
    @EnableConfigurationProperties(SpindleOffloadProperties.class)
    static class Offload {

        @Bean(destroyMethod = "dispose")
        @Fallback
        BlockingPool blockingPool(
                SpindleOffloadProperties properties, ObjectProvider<BlockingPoolCustomizer> customizers) {
            BlockingPoolSpec spec = BlockingPoolSpec.of("offload")
                    .queueCapacity(properties.queueCapacity())
                    .keepAlive(properties.keepAlive())
                    .onFull(properties.onFull())
                    .virtualThreads(properties.virtualThreads());
            if (properties.threads() != null) {
                spec = spec.threads(properties.threads());
            }
            for (BlockingPoolCustomizer each : customizers.orderedStream().toList()) {
                spec = each.customize(spec);
            }
            return spec.start();
        }

        @Bean
        GracefulStop blockingPoolStop(BlockingPool blockingPool) {
            return new GracefulStop(blockingPool);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingBean(WorkerPool.class)
    @EnableConfigurationProperties(SpindleWorkerProperties.class)
    static class Compute {

        @Bean(destroyMethod = "dispose")
        @Fallback
        WorkerPool workerPool(SpindleWorkerProperties properties, ObjectProvider<WorkerPoolCustomizer> customizers) {
            WorkerPoolSpec spec = WorkerPoolSpec.of("compute")
                    .threads(properties.minThreads(), properties.threads())
                    .queueCapacity(properties.queueCapacity())
                    .idleTimeout(properties.idleTimeout())
                    .onFull(properties.onFull())
                    .distance(properties.distance())
                    .jvmArgs(properties.jvmArgs().toArray(String[]::new))
                    .grace(properties.grace());
            for (WorkerPoolCustomizer each : customizers.orderedStream().toList()) {
                spec = each.customize(spec);
            }
            return spec.start();
        }

        @Bean
        GracefulStop workerPoolStop(WorkerPool workerPool) {
            return new GracefulStop(workerPool);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnBooleanProperty("spindle.loop.enabled")
    @ConditionalOnMissingBean(EventLoop.class)
    @EnableConfigurationProperties(SpindleLoopProperties.class)
    static class Loop {

        @Bean(destroyMethod = "dispose")
        @Fallback
        EventLoop eventLoop(SpindleLoopProperties properties, ObjectProvider<EventLoopCustomizer> customizers) {
            EventLoopSpec spec = EventLoopSpec.of("loop")
                    .nativeTransport(properties.nativeTransport())
                    .spin(properties.spin())
                    .blockedThreshold(properties.blockedThreshold())
                    .blockedInterval(properties.blockedInterval())
                    .callbackTiming(properties.callbackTiming());
            for (EventLoopCustomizer each : customizers.orderedStream().toList()) {
                spec = each.customize(spec);
            }
            return spec.start();
        }

        @Bean
        GracefulStop eventLoopStop(EventLoop eventLoop) {
            return new GracefulStop(eventLoop);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingBean(Commands.class)
    @EnableConfigurationProperties(SpindleProcessProperties.class)
    static class Processes {

        @Bean
        Commands commands(SpindleProcessProperties properties) {
            return line -> Command.of(line)
                    .timeout(properties.timeout())
                    .idleTimeout(properties.idleTimeout())
                    .grace(properties.grace())
                    .drain(properties.drain())
                    .maxBuffer(properties.maxBuffer().toBytes());
        }
    }
}
