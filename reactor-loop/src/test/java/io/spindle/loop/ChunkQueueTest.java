// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ChunkQueueTest {

    @Test
    void itIsAQueueWhateverTheOrderOfAddingAndPolling() {
        ChunkQueue<Integer> queue = new ChunkQueue<>();
        ArrayDeque<Integer> expected = new ArrayDeque<>();
        SplittableRandom random = new SplittableRandom(7);

        for (int i = 0; i < 100_000; i++) {
            boolean fills = random.nextInt(2000) < 1000 + (i / 10_000 % 2 == 0 ? 200 : -200);
            if (fills) {
                queue.add(i);
                expected.add(i);
            } else {
                assertThat(queue.poll()).isEqualTo(expected.poll());
            }
            assertThat(queue.size()).isEqualTo(expected.size());
            assertThat(queue.isEmpty()).isEqualTo(expected.isEmpty());
        }
    }

    @Test
    void clearingDropsEverything() {
        ChunkQueue<Integer> queue = new ChunkQueue<>();
        for (int i = 0; i < 1000; i++) {
            queue.add(i);
        }

        queue.clear();

        assertThat(queue.poll()).isNull();
        queue.add(1);
        assertThat(queue.poll()).isEqualTo(1);
        assertThat(queue.isEmpty()).isTrue();
    }
}
