// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LossPauseTest {

    private final AtomicLong clock =
            new AtomicLong(Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(20)); // which wraps around
    private final LossPause pause = new LossPause(clock::get);

    private long millis() {
        return TimeUnit.NANOSECONDS.toMillis(pause.nanos());
    }

    private void after(long millis) {
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    @Test
    void theFirstLossIsNoReasonToWaitThenThePauseDoublesUpToTenSecondsUntilSomethingWorks() {
        List<Long> millis = new ArrayList<>();

        millis.add(millis());
        for (int i = 0; i < 9; i++) {
            pause.lost();
            millis.add(millis());
            after(millis());
        }
        assertThat(millis).containsExactly(0L, 0L, 100L, 200L, 400L, 800L, 1600L, 3200L, 6400L, 10_000L);
        for (int i = 0; i < 100; i++) {
            pause.lost();
            after(9_999);
            assertThat(millis()).isEqualTo(1);
            after(1);
        }

        pause.lost();
        pause.worked();
        assertThat(millis()).isZero();
    }

    @Test
    void thePauseCountsFromTheLoss() {
        pause.lost();
        pause.lost();
        after(60);
        assertThat(millis()).isEqualTo(40);
        after(3_600_000);
        assertThat(millis()).isZero();
    }

    @Test
    void workersThatAreLostAtOnceAreCountedOnce() {
        for (int i = 0; i < 8; i++) {
            pause.lost();
            after(1);
        }
        assertThat(millis()).isEqualTo(93);
    }
}
