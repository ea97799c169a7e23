// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.cluster.RecentLines.Batch;
import io.spindle.cluster.RecentLines.Reader;
import io.spindle.cluster.RecentLines.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class RecentLinesTest {

    private final RecentLines recent = new RecentLines();

    private void add(int worker, int from, int count) {
        for (int i = from; i < from + count; i++) {
            recent.add(worker, Source.STDOUT, "line " + i);
        }
    }

    private static List<String> texts(Batch batch) {
        return batch.lines().stream().map(RecentLines.Line::text).toList();
    }

    private static List<String> all(Reader reader) {
        List<String> texts = new ArrayList<>();
        Batch batch = reader.take();
        while (!batch.isEnd()) {
            texts.addAll(texts(batch));
            batch = reader.take();
        }
        texts.addAll(texts(batch));
        return texts;
    }

    @Test
    void theLastLinesAreRead() {
        add(1, 0, 10);
        add(2, 10, 1);

        assertThat(all(recent.read(RecentLines.ALL, 3, false))).containsExactly("line 8", "line 9", "line 10");
        assertThat(all(recent.read(1, 2, false))).containsExactly("line 8", "line 9");
        assertThat(all(recent.read(2, 100, false))).containsExactly("line 10");
        assertThat(all(recent.read(3, 100, false))).isEmpty();
        assertThat(all(recent.read(RecentLines.ALL, 0, false))).isEmpty();
    }

    @Test
    void whoDoesNotFollowEndsWithWhatThereWas() {
        add(1, 0, 2);
        Reader reader = recent.read(RecentLines.ALL, 100, false);
        add(1, 2, 2);

        assertThat(all(reader)).containsExactly("line 0", "line 1");
    }

    @Test
    void whoFollowsWaitsForMoreUntilTheEnd() {
        Reader reader = recent.read(RecentLines.ALL, 100, true);
        Batch nothing = reader.take();
        assertThat(nothing.lines()).isEmpty();

        CompletableFuture<?> more = nothing.more().toFuture();
        assertThat(more).isNotDone();
        add(1, 0, 1);
        assertThat(more).isDone();
        Batch one = reader.take();
        assertThat(texts(one)).containsExactly("line 0");
        assertThat(one.isEnd()).isFalse();

        more = one.more().toFuture();
        assertThat(more).isNotDone();
        recent.end();
        assertThat(more).isDone();
        assertThat(reader.take().isEnd()).isTrue();
    }

    @Test
    void manyLinesComeInBatches() {
        add(1, 0, 1000);
        Reader reader = recent.read(RecentLines.ALL, 1000, true);

        Batch first = reader.take();

        assertThat(first.lines()).hasSizeLessThan(1000).isNotEmpty();
        StepVerifier.create(first.more()).expectComplete().verify(Probe.PATIENCE);
        recent.end();
        assertThat(all(reader)).hasSize(1000 - first.lines().size());
    }

    @Test
    void whoReadsTooSlowlyIsToldHowManyItHasMissed() {
        add(1, 0, 1);
        Reader ofAll = recent.read(RecentLines.ALL, 1, true);
        Reader ofTwo = recent.read(2, 100, true);
        Reader atTheEnd = recent.read(RecentLines.ALL, 1, false);
        add(2, 1, 3);
        add(1, 4, RecentLines.MAX_LINES + 10);

        Batch batch = ofAll.take();
        assertThat(batch.missed()).isEqualTo(14);
        assertThat(texts(batch)).startsWith("line 14", "line 15");
        assertThat(ofAll.take().missed()).isZero();
        batch = ofTwo.take();
        assertThat(batch.missed()).isEqualTo(3);
        assertThat(batch.lines()).isEmpty();
        batch = atTheEnd.take();
        assertThat(batch.missed()).isEqualTo(1);
        assertThat(batch.lines()).isEmpty();
        assertThat(batch.isEnd()).isTrue();
    }

    @Test
    void whatIsKeptIsBoundedByItsLengthToo() {
        String text = "x".repeat(LineCutter.MAX_LINE_BYTES);
        for (int i = 0; i < RecentLines.MAX_LINES; i++) {
            recent.add(1, Source.STDOUT, text);
        }

        assertThat(all(recent.read(RecentLines.ALL, RecentLines.MAX_LINES, false)))
                .hasSize(RecentLines.MAX_CHARACTERS / LineCutter.MAX_LINE_BYTES);
    }
}
