// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.testkit.LeakCheck;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.Environment;

@ExtendWith({LeakCheck.class, OutputCaptureExtension.class})
class WrongPropertyTest {

    private final ApplicationContextRunner context =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(SpindleAutoConfiguration.class));

    @ParameterizedTest
    @CsvSource({
        "spindle.offload.threads, 0, at least 1",
        "spindle.offload.queue-capacity, 0, at least 1",
        "spindle.offload.keep-alive, -1ms, not be negative",
        "spindle.worker.min-threads, -1, at least 0",
        "spindle.worker.max-threads, 0, at least 1",
        "spindle.worker.queue-capacity, 0, at least 1",
        "spindle.worker.idle-timeout, -1ms, not be negative",
        "spindle.worker.grace, -1ms, not be negative",
        "spindle.loop.spin, -1ns, not be negative",
        "spindle.loop.blocked-threshold, -1ms, not be negative",
        "spindle.loop.blocked-interval, 0ms, not be less than 1ms",
        "spindle.process.timeout, -1ms, not be negative",
        "spindle.process.idle-timeout, -1ms, not be negative",
        "spindle.process.grace, -1ms, not be negative",
        "spindle.process.drain, -1ms, not be negative",
        "spindle.process.max-buffer, 0B, be positive",
    })
    void aWrongValueFailsTheStartAndIsExplained(String property, String value, String rule) {
        AtomicReference<Environment> environment = new AtomicReference<>();
        context.withInitializer(starting -> environment.set(starting.getEnvironment()))
                .withPropertyValues("spindle.loop.enabled=true", property + "=" + value)
                .run(started -> {
                    Throwable failure = started.getStartupFailure();
                    assertThat(failure).isNotNull();
                    FailureAnalysis analysis = new WrongPropertyAnalyzer(environment.get()).analyze(failure);
                    assertThat(analysis).isNotNull();
                    assertThat(analysis.getDescription())
                            .startsWith("The property '" + property + "' has the value '" + value + "' (")
                            .contains(". It must ")
                            .endsWith(rule + ".");
                    assertThat(analysis.getAction()).contains("Change the value of '" + property + "'");
                });
    }

    @Test
    void anApplicationPrintsTheExplanation(CapturedOutput output) {
        SpringApplicationBuilder application = new SpringApplicationBuilder(
                        SpindleAutoConfigurationTest.Application.class)
                .properties(Map.of(
                        "spring.main.banner-mode",
                        "off",
                        "spring.main.web-application-type",
                        "none",
                        "spindle.worker.max-threads",
                        "0"));

        assertThatThrownBy(application::run).hasRootCauseInstanceOf(WrongPropertyException.class);

        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("The property 'spindle.worker.max-threads' has the value '0'")
                .contains("It must be at least 1.")
                .contains("or remove it to get the default");
    }
}
