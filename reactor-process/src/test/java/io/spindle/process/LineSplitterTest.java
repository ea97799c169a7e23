// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LineSplitterTest {

    private static final String TEXT = "plain\nünï€\r\n\n\r\n𝄞 clef\rinside\n no end";
    private static final List<String> LINES = List.of("plain", "ünï€", "", "", "𝄞 clef\rinside", " no end");

    private final List<ExecException.Reason> failures = new ArrayList<>();

    private LineSplitter splitter(Charset charset, int maxLine, LongLine policy) {
        OutputRules rules = OutputRules.DEFAULT.charset(charset).maxLine(maxLine, policy);
        return LineSplitter.of(rules, () -> failures.add(Exceeded.maxLine(rules).reason()));
    }

    private static List<String> split(LineSplitter splitter, byte[]... chunks) {
        List<String> lines = new ArrayList<>();
        for (byte[] chunk : chunks) {
            lines.addAll(splitter.feed(Unpooled.wrappedBuffer(chunk)));
        }
        lines.addAll(splitter.end());
        return lines;
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE", "UTF-16", "UTF-32", "GB18030"})
    void linesAreTheSameWhereverTheChunksEnd(String name) {
        Charset charset = Charset.forName(name);
        byte[] bytes = TEXT.getBytes(charset);

        for (int first = 0; first <= bytes.length; first++) {
            for (int second = first; second <= bytes.length; second++) {
                assertThat(split(
                                splitter(charset, 1000, LongLine.FAIL),
                                Arrays.copyOfRange(bytes, 0, first),
                                Arrays.copyOfRange(bytes, first, second),
                                Arrays.copyOfRange(bytes, second, bytes.length)))
                        .as("cut at %d and %d", first, second)
                        .isEqualTo(LINES);
            }
        }
        assertThat(failures).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"UTF-8", "UTF-16LE", "ISO-8859-15", "windows-1252"})
    void nothingIsNoLineAndALineEndAloneIsAnEmptyOne(String name) {
        Charset charset = Charset.forName(name);

        assertThat(split(splitter(charset, 10, LongLine.FAIL))).isEmpty();
        assertThat(split(splitter(charset, 10, LongLine.FAIL), "\n".getBytes(charset)))
                .containsExactly("");
        assertThat(split(splitter(charset, 10, LongLine.FAIL), "a\n".getBytes(charset)))
                .containsExactly("a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16LE"})
    void aLongLineIsCutOrSplitAndTheNextOneIsSeen(String name) {
        Charset charset = Charset.forName(name);
        byte[] bytes = "12345678\r\n1234\r\nready\n12345".getBytes(charset);

        for (int cut = 0; cut <= bytes.length; cut++) {
            byte[] first = Arrays.copyOfRange(bytes, 0, cut);
            byte[] rest = Arrays.copyOfRange(bytes, cut, bytes.length);
            assertThat(split(splitter(charset, 4, LongLine.CUT), first, rest))
                    .as("cut at %d", cut)
                    .containsExactly("1234", "1234", "read", "1234");
            assertThat(split(splitter(charset, 4, LongLine.SPLIT), first, rest))
                    .as("cut at %d", cut)
                    .containsExactly("1234", "5678", "1234", "read", "y", "1234", "5");
        }
        assertThat(failures).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16LE"})
    void aLongLineFailsOnceAndNothingFollows(String name) {
        Charset charset = Charset.forName(name);
        LineSplitter splitter = splitter(charset, 4, LongLine.FAIL);

        assertThat(split(splitter, "1234\n123456789\nnever\n123456\n".getBytes(charset)))
                .containsExactly("1234");
        assertThat(failures).containsExactly(ExecException.Reason.LONG_LINE);
    }

    @Test
    void splittingKeepsCharactersWhole() {
        assertThat(split(splitter(StandardCharsets.UTF_8, 4, LongLine.SPLIT), "€€€\n".getBytes(StandardCharsets.UTF_8)))
                .containsExactly("€", "€", "€");
        assertThat(split(
                        splitter(StandardCharsets.UTF_16LE, 2, LongLine.SPLIT),
                        "a𝄞b\n".getBytes(StandardCharsets.UTF_16LE)))
                .containsExactly("a", "𝄞", "b");
    }

    @Test
    void malformedBytesBecomeTheReplacementCharacter() {
        byte[] bytes = {'a', (byte) 0xC3, '\n', (byte) 0xE2, (byte) 0x82};

        assertThat(split(splitter(StandardCharsets.UTF_8, 100, LongLine.FAIL), bytes))
                .containsExactly("a\uFFFD", "\uFFFD");
    }
}
