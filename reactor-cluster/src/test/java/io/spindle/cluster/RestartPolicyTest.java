// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RestartPolicyTest {

    private static final RestartPolicy STEADY =
            new RestartPolicy(Duration.ofMillis(100), Duration.ofSeconds(1), 2, 0, Duration.ofSeconds(10), 6);

    @Test
    void delaysGrowToTheirLimitAndTheFirstAfterAStableLifeIsNone() {
        Random random = new Random(1);

        assertThat(STEADY.delay(0, random)).isZero();
        assertThat(STEADY.delay(1, random)).hasMillis(100);
        assertThat(STEADY.delay(2, random)).hasMillis(200);
        assertThat(STEADY.delay(4, random)).hasMillis(800);
        assertThat(STEADY.delay(5, random)).hasMillis(1000);
        assertThat(STEADY.delay(6, random)).hasMillis(1000);
        assertThat(STEADY.delay(1_000_000, random)).hasMillis(1000);
    }

    @Test
    void jitterStaysWithinItsShareAndChangesTheDelay() {
        RestartPolicy jittery =
                new RestartPolicy(Duration.ofMillis(100), Duration.ofSeconds(1), 2, 0.5, Duration.ofSeconds(10), 6);
        Random random = new Random(1);

        assertThat(random.ints(100).mapToObj(any -> jittery.delay(1, random)))
                .allMatch(delay -> delay.toMillis() >= 49 && delay.toMillis() <= 150)
                .doesNotHaveDuplicates();
    }

    @Test
    void aPlaceIsBrokenAfterTheLimit() {
        assertThat(STEADY.isBroken(5)).isFalse();
        assertThat(STEADY.isBroken(6)).isTrue();
    }

    @Test
    void boundsAreChecked() {
        assertThatThrownBy(() -> STEADY.maxFailedStarts(0)).hasMessage("maxFailedStarts must be at least 1, was 0");
        assertThatThrownBy(() -> STEADY.stableAfter(Duration.ofMillis(-1)))
                .hasMessage("stableAfter must not be negative, was PT-0.001S");
        assertThatThrownBy(() -> RestartPolicy.exponential(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessage("maxDelay must not be less than firstDelay, was PT1S");
        assertThatThrownBy(() -> PrimarySpec.create().workers(0)).hasMessage("workers must be at least 1, was 0");
        assertThatThrownBy(() -> PrimarySpec.create().grace(Duration.ofSeconds(-1)))
                .hasMessage("grace must not be negative, was PT-1S");
    }
}
