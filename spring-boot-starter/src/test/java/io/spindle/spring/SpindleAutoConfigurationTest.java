// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskExecutor;

@ExtendWith(LeakCheck.class)
class SpindleAutoConfigurationTest {

    private final ApplicationContextRunner context =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(SpindleAutoConfiguration.class));

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @Configuration(proxyBeanMethods = false)
    static class OwnPool {

        @Bean(destroyMethod = "dispose")
        BlockingPool own() {
            return BlockingPoolSpec.of("own").threads(1).start();
        }
    }

    @Test
    void aRealApplicationFindsTheAutoConfigurationByItself() {
        try (ConfigurableApplicationContext started = new SpringApplicationBuilder(Application.class)
                .properties(Map.of("spring.main.banner-mode", "off"))
                .run()) {
            BlockingPool pool = started.getBean(BlockingPool.class);
            assertThat(pool.call(() -> Thread.currentThread().getName()).block(Duration.ofSeconds(20)))
                    .startsWith("offload");
        }
    }

    @Test
    void theProgramOfTheReadmeRuns() {
        try (ConfigurableApplicationContext started = new SpringApplicationBuilder(
                        ReadmeApplication.Application.class, ReadmeApplication.Prices.class)
                .properties(Map.of("spring.main.banner-mode", "off"))
                .run()) {
            assertThat(started.getBean(ReadmeApplication.Prices.class)
                            .price("42")
                            .block(Duration.ofSeconds(20)))
                    .isEqualTo(42);
        }
    }

    @Test
    void thePoolHasTheDefaultsAndIsDisposedWithTheContext() {
        BlockingPool[] pool = new BlockingPool[1];
        context.run(started -> {
            pool[0] = started.getBean(BlockingPool.class);
            assertThat(pool[0].name()).isEqualTo("offload");
            assertThat(pool[0].threads()).isEqualTo(BlockingPoolSpec.of("x").threads());
        });

        assertThat(pool[0].isDisposed()).isTrue();
    }

    @Test
    void propertiesSizeThePool() {
        context.withPropertyValues("spindle.offload.threads=3", "spindle.offload.queue-capacity=7")
                .run(started -> assertThat(started.getBean(BlockingPool.class).threads())
                        .isEqualTo(3));
    }

    @Test
    void aPoolOfTheUserReplacesOurs() {
        context.withUserConfiguration(OwnPool.class)
                .run(started -> assertThat(started).getBean(BlockingPool.class).returns("own", BlockingPool::name));
    }

    @Test
    void theMasterSwitchTurnsEverythingOff() {
        context.withPropertyValues("spindle.enabled=false")
                .run(started -> assertThat(started).doesNotHaveBean(BlockingPool.class));
    }

    @Test
    void aWrongValueFailsTheStartWithTheRule() {
        context.withPropertyValues("spindle.offload.threads=0")
                .run(started -> assertThat(started)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("threads must be")
                        .hasMessageContaining("0"));
    }

    @Test
    void bootsOwnTaskExecutorStays() {
        context.withConfiguration(AutoConfigurations.of(TaskExecutionAutoConfiguration.class))
                .run(started -> assertThat(started).hasSingleBean(TaskExecutor.class));
    }
}
