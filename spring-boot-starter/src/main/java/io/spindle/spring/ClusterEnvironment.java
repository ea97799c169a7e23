// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Defaults for the processes of a cluster, behind everything that the user sets:
 *
 * <ul>
 *   <li>each line of the log says which process wrote it, unless correlation ids stand there
 *   <li>workers print no banner, and start no containers for development, which all of them would
 *   <li>a worker's loops end at once: what runs has ended before
 * </ul>
 */
final class ClusterEnvironment implements EnvironmentPostProcessor, Ordered {

    private static final String SOURCE = "spindleCluster";

    @Override
    public int getOrder() {
        return LOWEST_PRECEDENCE; // after the files have been read
    }

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        ClusterMode mode = ClusterMode.of(environment);
        if (mode == ClusterMode.PLAIN) {
            return;
        }
        Map<String, Object> defaults = new HashMap<>();
        if (!environment.getProperty("logging.expect-correlation-id", Boolean.class, false)) {
            defaults.put(
                    "logging.pattern.correlation",
                    "[%X{" + WorkerMdc.KEY + ":-" + mode.name().toLowerCase(Locale.ROOT) + "}] ");
        }
        if (mode == ClusterMode.WORKER) {
            defaults.put("spring.main.banner-mode", "off");
            defaults.put("spring.docker.compose.enabled", "false");
            defaults.put("spring.reactor.netty.shutdown-quiet-period", "0s");
        }
        environment.getPropertySources().addLast(new MapPropertySource(SOURCE, defaults));
    }
}
