// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TopTest {

    private static final JsonNode FIRST =
            status("{\"id\":1,\"slot\":0,\"generation\":0,\"pid\":4711,\"state\":\"ready\",\"upMillis\":10000,"
                    + "\"requests\":5000,\"connections\":2,\"residentBytes\":83886080,\"cpuMillis\":1000,"
                    + "\"loopDelayMicros\":250}");
    private static final JsonNode SECOND =
            status("{\"id\":1,\"slot\":0,\"generation\":0,\"pid\":4711,\"state\":\"ready\",\"upMillis\":12000,"
                    + "\"requests\":7000,\"connections\":3,\"residentBytes\":83886080,\"cpuMillis\":2500,"
                    + "\"loopDelayMicros\":12345},"
                    + "{\"id\":2,\"slot\":1,\"generation\":0,\"pid\":4712,\"state\":\"online\",\"upMillis\":500,"
                    + "\"requests\":0,\"connections\":0,\"residentBytes\":0,\"cpuMillis\":0,\"loopDelayMicros\":0}");

    private final Deque<Object> looks = new ArrayDeque<>();
    private final StringWriter printed = new StringWriter();

    private static JsonNode status(String workers) {
        return JsonMapper.shared()
                .readTree(
                        "{\"pid\":1,\"state\":\"running\",\"upMillis\":60000,\"wanted\":2,\"listening\":[],\"workers\":["
                                + workers + "]}");
    }

    private Top top(boolean isTerminal) {
        return new Top(
                () -> {
                    Object look = looks.removeFirst();
                    if (look instanceof IOException gone) {
                        throw gone;
                    }
                    return (JsonNode) look;
                },
                new PrintWriter(printed),
                isTerminal);
    }

    private static GoneException gone() {
        return new GoneException("no primary answers", null);
    }

    @Test
    void ratesAreThoseSinceTheLastLookOrSinceTheStart() {
        assertThat(TopTable.of(null, FIRST))
                .endsWith(
                        "workers use 10% of one processor, 500 requests/s",
                        "",
                        "WORKER  SLOT  GENERATION  PID   STATE  UP   CPU  REQUESTS  REQ/S  OPEN  MEMORY  DELAY",
                        "1       0     0           4711  ready  10s  10%  5000      500    2     80 MiB  0.3 ms");
        assertThat(TopTable.of(FIRST, SECOND))
                .endsWith(
                        "workers use 75% of one processor, 1000 requests/s",
                        "",
                        "WORKER  SLOT  GENERATION  PID   STATE   UP   CPU  REQUESTS  REQ/S  OPEN  MEMORY  DELAY",
                        "1       0     0           4711  ready   12s  75%  7000      1000   3     80 MiB  12.3 ms",
                        "2       1     0           4712  online  0s   0%   0         0      0     -       0.0 ms");
    }

    @Test
    void aTableFollowsTheOtherUntilTheClusterHasEnded() throws IOException {
        looks.addAll(List.of(FIRST, SECOND, gone()));

        top(false).run(Duration.ZERO, false);

        List<String> lines = printed.toString().lines().toList();
        assertThat(lines).filteredOn(line -> line.startsWith("WORKER")).hasSize(2);
        assertThat(lines).endsWith("the cluster has ended");
        assertThat(printed.toString()).doesNotContain("\033");
        assertThat(looks).isEmpty();
    }

    @Test
    void onATerminalATableTakesThePlaceOfTheOther() throws IOException {
        looks.addAll(List.of(FIRST, SECOND, gone()));

        top(true).run(Duration.ZERO, false);

        assertThat(printed.toString())
                .startsWith("\033[2J\033[Hcluster of process 1")
                .containsOnlyOnce("\033[2J")
                .contains("0.3 ms\033[K" + System.lineSeparator() + "\033[J\033[Hcluster of process 1");
    }

    @Test
    void onceIsOnce() throws IOException {
        looks.add(FIRST);

        top(false).run(Duration.ofHours(1), true);

        assertThat(printed.toString().lines()).hasSize(7);
    }

    @Test
    void whatIsNotThereOrDoesNotAnswerIsAnError() {
        looks.add(gone());
        assertThatThrownBy(() -> top(false).run(Duration.ZERO, false)).isInstanceOf(GoneException.class);

        looks.addAll(List.of(FIRST, new IOException("has not answered within 10000 ms")));
        assertThatThrownBy(() -> top(false).run(Duration.ZERO, false))
                .isInstanceOf(IOException.class)
                .hasMessage("has not answered within 10000 ms");
    }
}
