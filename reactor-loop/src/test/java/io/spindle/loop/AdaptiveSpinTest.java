// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdaptiveSpinTest {

    private static final long MAX = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long SHORT = TimeUnit.MICROSECONDS.toNanos(10);
    private static final long LONG = TimeUnit.MILLISECONDS.toNanos(10);

    private final AdaptiveSpin spin = new AdaptiveSpin(MAX);

    @BeforeEach
    void needsASecondProcessor() {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "a loop never spins on a single processor");
    }

    @Test
    void onlyAShortSleepEndedByATaskMakesItLook() {
        assertThat(spin.nanos()).isZero();

        spin.slept(LONG, true);
        assertThat(spin.nanos()).isZero();

        spin.slept(SHORT, false);
        assertThat(spin.nanos()).isZero();

        spin.slept(SHORT, true);
        assertThat(spin.nanos()).isEqualTo(MAX);
    }

    @Test
    void whatIsFoundKeepsItLookingAndALongSleepEndsThat() {
        spin.slept(SHORT, true);

        spin.found();
        assertThat(spin.nanos()).isEqualTo(MAX);

        spin.slept(LONG, true);
        assertThat(spin.nanos()).isZero();
    }

    @Test
    void lookingInVainMakesItLookEverMoreRarely() {
        int[] skipped = new int[4];
        for (int round = 0; round < skipped.length; round++) {
            spin.slept(SHORT, true);
            while (spin.nanos() == 0) {
                skipped[round]++;
                spin.slept(SHORT, true);
            }
            spin.failed();
        }

        assertThat(skipped).containsExactly(0, 2, 4, 8);
    }

    @Test
    void zeroNeverLooks() {
        AdaptiveSpin never = new AdaptiveSpin(0);

        never.slept(SHORT, true);

        assertThat(never.nanos()).isZero();
    }

    @Test
    void eachFindTakesOneFailureBack() {
        lookInVain();
        lookInVain();
        spin.slept(SHORT, true);

        spin.found();
        lookInVain();

        assertThat(skips()).as("two failures, not three").isEqualTo(4);
    }

    private void lookInVain() {
        skips();
        spin.failed();
    }

    /** How many sleeps pass before it looks. */
    private int skips() {
        int skipped = 0;
        spin.slept(SHORT, true);
        while (spin.nanos() == 0) {
            skipped++;
        }
        return skipped;
    }
}
