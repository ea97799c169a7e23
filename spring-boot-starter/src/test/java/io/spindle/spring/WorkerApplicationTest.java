// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class WorkerApplicationTest {

    @Test
    @Timeout(20)
    void aWorkerThatCannotJoinFailsInMain() {
        WorkerApplication application = new WorkerApplication();
        application.start(program -> {
            throw new UnsatisfiedLinkError("no epoll here");
        });

        assertThatThrownBy(application::context)
                .hasRootCauseInstanceOf(UnsatisfiedLinkError.class)
                .hasRootCauseMessage("no epoll here");
    }
}
