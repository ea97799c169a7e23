// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class HandleCountsTest {

    private final HandleCounts counts = new HandleCounts();

    @Test
    void eachHandleIsToldByItsKind() {
        counts.add("Job");
        counts.add("Job");
        counts.add("Server");

        assertThat(counts.byKind()).isEqualTo(Map.of("Job", 2, "Server", 1));
    }

    @Test
    void onlyTheLastHandleOfAllIsTheLast() {
        counts.add("Job");
        counts.add("Server");

        assertThat(counts.remove("Server")).isFalse();
        assertThat(counts.remove("Job")).isTrue();
        assertThat(counts.isEmpty()).isTrue();
    }

    @Test
    void kindsWithoutAHandleAreNotKept() {
        for (int i = 0; i < 1_000; i++) {
            counts.add("Job " + i);
            counts.remove("Job " + i);
        }

        assertThat(counts.byKind()).isEmpty();
    }
}
