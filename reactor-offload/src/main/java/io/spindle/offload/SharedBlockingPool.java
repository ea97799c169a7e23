// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds the pool that everybody in this JVM shares; created when it is first asked for. */
final class SharedBlockingPool {

    static final String PROPERTY = "spindle.offload.threads";
    static final String VARIABLE = "SPINDLE_OFFLOAD_THREADS";

    private static final Logger log = LoggerFactory.getLogger(BlockingPool.class);
    private static final int MAX_THREADS = 1024;

    private static final BlockingPool POOL = DefaultBlockingPool.start(
            BlockingPoolSpec.of("spindle-default")
                    .threads(threads(System.getProperty(PROPERTY), System.getenv(VARIABLE)))
                    .settings(),
            true);

    private SharedBlockingPool() {}

    static BlockingPool get() {
        return POOL;
    }

    static int threads(@Nullable String property, @Nullable String variable) {
        if (property != null) {
            return parse("system property " + PROPERTY, property);
        }
        return variable != null
                ? parse("environment variable " + VARIABLE, variable)
                : BlockingPoolSpec.defaultThreads();
    }

    private static int parse(String source, String value) {
        try {
            int threads = Integer.parseInt(value.strip());
            if (threads >= 1 && threads <= MAX_THREADS) {
                return threads;
            }
        } catch (NumberFormatException e) {
            log.trace("not a number", e);
        }
        int fallback = BlockingPoolSpec.defaultThreads();
        log.warn("{} must be a number from 1 to {}, was {}: using {}", source, MAX_THREADS, value, fallback);
        return fallback;
    }
}
