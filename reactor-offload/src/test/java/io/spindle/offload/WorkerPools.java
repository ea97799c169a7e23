// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.test.StepVerifier;

/** The worker pools of a test: disposed after it, and then without work. */
final class WorkerPools implements AfterEachCallback {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final List<WorkerPool> pools = new ArrayList<>();

    WorkerPool start(WorkerPoolSpec spec) {
        WorkerPool pool = spec.start();
        pools.add(pool);
        return pool;
    }

    static WorkerPoolSpec single() {
        return WorkerPoolSpec.of("cpu").threads(0, 1);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        for (WorkerPool pool : pools) {
            pool.dispose();
            StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
            assertThat(pool.metrics().running()).isZero();
            assertThat(pool.metrics().queued()).isZero();
            assertThat(pool.metrics().waiting()).isZero();
        }
    }
}
