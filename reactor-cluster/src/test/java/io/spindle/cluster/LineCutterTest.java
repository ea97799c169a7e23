// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineCutterTest {

    private static final int MAX = LineCutter.MAX_LINE_BYTES;

    private final LineCutter cutter = new LineCutter();

    private static List<String> texts(List<byte[]> lines) {
        return lines.stream()
                .map(line -> new String(line, StandardCharsets.UTF_8))
                .toList();
    }

    private List<String> feed(String text) {
        return texts(cutter.feed(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8)));
    }

    @Test
    void linesAreWholeWhereverTheChunksEnd() {
        assertThat(feed("one\ntw")).containsExactly("one");
        assertThat(feed("o")).isEmpty();
        assertThat(feed("\n\nthree\r\nfo")).containsExactly("two", "", "three\r");
        assertThat(texts(cutter.end())).containsExactly("fo");
        assertThat(texts(cutter.end())).isEmpty();
    }

    @Test
    void noCharacterIsCutByAChunk() {
        byte[] bytes = "grün €\n".getBytes(StandardCharsets.UTF_8);
        List<String> lines = new ArrayList<>();
        for (byte each : bytes) {
            lines.addAll(texts(cutter.feed(Unpooled.copiedBuffer(new byte[] {each}))));
        }

        assertThat(lines).containsExactly("grün €");
    }

    @Test
    void aLongLineComesInPieces() {
        assertThat(feed("x".repeat(MAX + 1) + "\nnext\n")).containsExactly("x".repeat(MAX), "x", "next");
        assertThat(feed("y".repeat(MAX - 1))).isEmpty();
        assertThat(feed("yz")).containsExactly("y".repeat(MAX));
        assertThat(feed("\n")).containsExactly("z");
    }

    @Test
    void aLineThatJustFitsIsOneLine() {
        assertThat(feed("x".repeat(MAX) + "\nnext\n")).containsExactly("x".repeat(MAX), "next");
        assertThat(feed("y".repeat(MAX))).containsExactly("y".repeat(MAX));
        assertThat(feed("\n\nnext\n")).containsExactly("", "next");
    }

    @Test
    void chunksAreReleased() {
        ByteBuf chunk = Unpooled.copiedBuffer("one\n", StandardCharsets.UTF_8);

        assertThat(texts(cutter.feed(chunk))).containsExactly("one");

        assertThat(chunk.refCnt()).isZero();
    }
}
