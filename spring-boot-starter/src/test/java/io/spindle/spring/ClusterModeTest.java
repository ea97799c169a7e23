// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.cluster.PrimarySpec;
import io.spindle.cluster.Recycling;
import io.spindle.process.Signal;
import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.mock.env.MockEnvironment;

@ExtendWith(LeakCheck.class)
class ClusterModeTest {

    private final MockEnvironment environment = new MockEnvironment();

    /** Without a test on its stack. */
    private @Nullable ClusterMode modeOfAProgram() throws InterruptedException {
        AtomicReference<ClusterMode> mode = new AtomicReference<>();
        Thread thread = new Thread(() -> mode.set(ClusterMode.of(environment)));
        thread.start();
        thread.join();
        return mode.get();
    }

    @ParameterizedTest
    @CsvSource({"auto, PRIMARY", "1, PRIMARY", "2, PRIMARY", "0, PLAIN", "'', PLAIN", "' ', PLAIN"})
    void thePropertyDecides(String workers, ClusterMode mode) throws InterruptedException {
        environment.setProperty("spindle.cluster.workers", workers);

        assertThat(modeOfAProgram()).isEqualTo(mode);
    }

    @Test
    void withoutThePropertyAnApplicationIsPlain() throws InterruptedException {
        environment.setProperty("spindle.cluster.grace", "1s");

        assertThat(modeOfAProgram()).isEqualTo(ClusterMode.PLAIN);
    }

    @Test
    void theMasterSwitchTurnsItOff() throws InterruptedException {
        environment.setProperty("spindle.cluster.workers", "2");
        environment.setProperty("spindle.enabled", "false");

        assertThat(modeOfAProgram()).isEqualTo(ClusterMode.PLAIN);
    }

    @Test
    void aTestNeverForks() {
        environment.setProperty("spindle.cluster.workers", "2");

        assertThat(ClusterMode.of(environment)).isEqualTo(ClusterMode.PLAIN);
        try (ConfigurableApplicationContext started = new SpringApplicationBuilder(
                        SpindleAutoConfigurationTest.Application.class)
                .properties(Map.of(
                        "spindle.cluster.workers", "2",
                        "spring.main.banner-mode", "off",
                        "spring.main.web-application-type", "none"))
                .run()) {
            assertThat(started.isActive()).isTrue();
            assertThat(ProcessHandle.current().children()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"two", "-1", "1.5"})
    void anythingElseIsRefused(String workers) {
        environment.setProperty("spindle.cluster.workers", workers);

        assertThatThrownBy(() -> ClusterMode.of(environment))
                .hasRootCauseInstanceOf(WrongPropertyException.class)
                .rootCause()
                .hasMessage("spindle.cluster.workers must be a number of processes or 'auto', was " + workers);
    }

    @Test
    void propertiesMakeTheCluster() {
        environment.setProperty("spindle.cluster.workers", "3");
        environment.setProperty("spindle.cluster.grace", "7s");
        environment.setProperty("spindle.cluster.start-timeout", "8s");
        environment.setProperty("spindle.cluster.watch", "9s");
        environment.setProperty("spindle.cluster.reload-on-hup", "true");
        environment.setProperty("spindle.cluster.jvm-args", "-Xmx99m,-Da=b");
        environment.setProperty("spindle.cluster.restart.first-delay", "1s");
        environment.setProperty("spindle.cluster.restart.max-delay", "2s");
        environment.setProperty("spindle.cluster.restart.stable-after", "3s");
        environment.setProperty("spindle.cluster.restart.max-failed-starts", "4");
        environment.setProperty("spindle.cluster.heartbeat", "5s");
        environment.setProperty("spindle.cluster.recycle.max-age", "6h");
        environment.setProperty("spindle.cluster.recycle.max-memory", "1KB");
        environment.setProperty("spindle.cluster.recycle.max-connections", "7");
        environment.setProperty("spindle.cluster.recycle.max-requests", "8");
        environment.setProperty("spindle.cluster.recycle.jitter", "0.5");

        PrimarySpec spec = ClusterListener.spec(environment);

        assertThat(spec.workers()).isEqualTo(3);
        assertThat(spec.grace()).isEqualTo(Duration.ofSeconds(7));
        assertThat(spec.startTimeout()).isEqualTo(Duration.ofSeconds(8));
        assertThat(spec.watch()).isEqualTo(Duration.ofSeconds(9));
        assertThat(spec.reloadOn()).containsExactly(Signal.HUP);
        assertThat(spec.jvmArgs()).contains("-Xmx99m", "-Da=b", "-Dreactor.netty.ioWorkerCount=" + loops(3));
        assertThat(spec.restart().firstDelay()).isEqualTo(Duration.ofSeconds(1));
        assertThat(spec.restart().maxDelay()).isEqualTo(Duration.ofSeconds(2));
        assertThat(spec.restart().stableAfter()).isEqualTo(Duration.ofSeconds(3));
        assertThat(spec.restart().maxFailedStarts()).isEqualTo(4);
        assertThat(spec.heartbeat()).isEqualTo(Duration.ofSeconds(5));
        assertThat(spec.recycling()).isEqualTo(new Recycling(Duration.ofHours(6), 1024, 7, 8, 0.5));
    }

    private static int loops(int workers) {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / workers);
    }

    @Test
    void theGraceIsThatOfBootsShutdown() {
        environment.setProperty("spindle.cluster.workers", "1");
        assertThat(ClusterListener.spec(environment).grace()).isEqualTo(Duration.ofSeconds(30));

        environment.setProperty("spring.lifecycle.timeout-per-shutdown-phase", "5s");
        assertThat(ClusterListener.spec(environment).grace()).isEqualTo(Duration.ofSeconds(5));
    }

    @ParameterizedTest
    @CsvSource({
        "spindle.cluster.grace, -1ms",
        "spindle.cluster.start-timeout, 0ms",
        "spindle.cluster.watch, -1ms",
        "spindle.cluster.restart.first-delay, -1ms",
        "spindle.cluster.restart.max-delay, 99ms",
        "spindle.cluster.restart.stable-after, -1ms",
        "spindle.cluster.restart.max-failed-starts, 0",
        "spindle.cluster.heartbeat, -1ms",
        "spindle.cluster.recycle.max-age, -1ms",
        "spindle.cluster.recycle.max-memory, -1",
        "spindle.cluster.recycle.max-connections, -1",
        "spindle.cluster.recycle.max-requests, -1",
        "spindle.cluster.recycle.jitter, 1.5"
    })
    void wrongValuesAreRefused(String property, String value) {
        environment.setProperty("spindle.cluster.workers", "1");
        environment.setProperty(property, value);

        assertThatThrownBy(() -> ClusterListener.spec(environment))
                .rootCause()
                .isInstanceOf(WrongPropertyException.class)
                .hasMessageContaining(property + " must ");
    }

    @Test
    void aPlainApplicationGetsNoDefaults() {
        StandardEnvironment plain = new StandardEnvironment();
        new ClusterEnvironment().postProcessEnvironment(plain, new SpringApplication());

        assertThat(plain.getPropertySources().contains("spindleCluster")).isFalse();
    }
}
