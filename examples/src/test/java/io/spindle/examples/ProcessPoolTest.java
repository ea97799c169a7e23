// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.testkit.LeakCheck;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ProcessPoolTest {

    private final Terminal terminal = new Terminal();

    @AfterEach
    void release() {
        terminal.close();
    }

    @Test
    void aTaskThatEndsItsJvmIsLostAndTheOthersAreThere() {
        int code = terminal.run("process-pool");

        assertThat(code).isZero();
        List<String> lines = terminal.lines();
        assertThat(lines).hasSize(6);
        assertThat(lines.get(0)).isEqualTo("fibonacci(30) = 1346269");
        assertThat(lines.get(2)).isEqualTo("fibonacci(32) = 3524578");
        assertThat(lines.get(3))
                .startsWith("fibonacci(33) is lost: worker far-")
                .endsWith(" ended with exit code 7 under " + ProcessPool.Fibonacci.class.getName());
        assertThat(lines.get(5)).isEqualTo("fibonacci(35) = 14930352");
    }

    @Test
    void noWorkerAtAllIsRefused() {
        assertThat(terminal.run("process-pool", "--workers", "0")).isEqualTo(2);
        assertThat(terminal.errors()).singleElement().asString().contains("--workers must be at least 1, was 0");
    }
}
