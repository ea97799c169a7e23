// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.process.ipc.Invitation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoleTest {

    private final Role role =
            new Role(7, 1, 4711, true, Duration.ofSeconds(10), new Invitation(Path.of("/a:b/ipc"), "t".repeat(43)));

    @Test
    void theEnvironmentCarriesTheRole() {
        assertThat(Role.of(Map.of(Role.VARIABLE, role.text()), 4711)).contains(role);
    }

    @Test
    void aChildOfAWorkerThatInheritsTheVariableIsNoWorker() {
        assertThat(Role.of(Map.of(Role.VARIABLE, role.text()), 4712)).isEmpty();
        assertThat(Role.of(Map.of(), 4711)).isEmpty();
    }
}
