// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class EnvironmentDataTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @AfterEach
    void remove() {
        Worker.setEnvironmentData("region", null);
    }

    @Test
    @DisplayName("HW-07: a worker and those in it see what was set when it was started, whatever is removed later")
    void aWorkerInheritsACopyAndHandsItOn() {
        Worker.setEnvironmentData("region", "north");
        Worker.setEnvironmentData("removed", "before the start");
        Worker.setEnvironmentData("removed", null);
        Worker<String, Object> worker = WorkerSpec.<String, Object>of(context -> context.parentPort()
                        .messages()
                        .take(1)
                        .subscribe(message -> {
                            context.parentPort()
                                    .postMessage(
                                            Worker.environmentData("region").orElse("nothing"));
                            context.parentPort()
                                    .postMessage(
                                            Worker.environmentData("removed").orElse("nothing"));
                            Worker.setEnvironmentData("region", "south");
                            Worker.run(() -> Worker.environmentData("region").orElse("nothing"))
                                    .subscribe(context.parentPort()::postMessage);
                        }))
                .start();
        Worker.setEnvironmentData("region", null);
        worker.postMessage("go");

        StepVerifier.create(worker.messages())
                .expectNext("north", "nothing", "south")
                .expectComplete()
                .verify(LONG);
        assertThat(Worker.environmentData("region")).isEmpty();
    }
}
