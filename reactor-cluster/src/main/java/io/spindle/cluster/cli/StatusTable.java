// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** The status of a cluster, for people. */
final class StatusTable {

    private static final long MIB = 1 << 20;
    private static final List<String> HEAD =
            List.of("WORKER", "SLOT", "GENERATION", "PID", "STATE", "UP", "REQUESTS", "OPEN", "MEMORY");

    private StatusTable() {}

    static String of(JsonNode status) {
        List<List<String>> rows = new ArrayList<>(List.of(HEAD));
        status.path("workers").forEach(worker -> rows.add(row(worker)));
        List<String> lines = new ArrayList<>(summary(status));
        lines.add("");
        lines.addAll(aligned(rows));
        return String.join(System.lineSeparator(), lines);
    }

    static List<String> summary(JsonNode status) {
        String listening = status.path("listening")
                .valueStream()
                .map(address -> Answer.plain(address.asString("")))
                .collect(Collectors.joining(", "));
        return List.of(
                "cluster of process " + text(status, "pid") + ", " + text(status, "state") + ", up " + up(status) + ", "
                        + text(status, "wanted") + " workers wanted, "
                        + (listening.isEmpty() ? "not listening" : "listening on " + listening),
                "workers started " + text(status, "forks") + ", died " + text(status, "deaths") + ", recycled "
                        + text(status, "recycled") + "; reloads " + text(status, "reloads") + ", failed "
                        + text(status, "failedReloads"),
                "connections accepted " + text(status, "accepted") + ", open " + text(status, "connections")
                        + "; requests " + text(status, "requests") + "; memory " + memory(status));
    }

    private static List<String> row(JsonNode worker) {
        return List.of(
                text(worker, "id"),
                text(worker, "slot"),
                text(worker, "generation"),
                text(worker, "pid"),
                text(worker, "state"),
                up(worker),
                text(worker, "requests"),
                text(worker, "connections"),
                memory(worker));
    }

    /** Puts the cells below each other. */
    static List<String> aligned(List<List<String>> rows) {
        List<Integer> widths = IntStream.range(0, rows.get(0).size())
                .mapToObj(column -> rows.stream()
                        .mapToInt(row -> row.get(column).length())
                        .max()
                        .orElse(0))
                .toList();
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(List<String> row, List<Integer> widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < row.size(); column++) {
            String cell = row.get(column);
            line.append(cell).append(" ".repeat(widths.get(column) - cell.length() + 2));
        }
        return line.toString().stripTrailing();
    }

    static String text(JsonNode node, String name) {
        return Answer.plain(node.path(name).asString("?"));
    }

    static String memory(JsonNode node) {
        long bytes = node.path("residentBytes").asLong(0);
        return bytes == 0 ? "-" : bytes / MIB + " MiB"; // 0 until the first heartbeat
    }

    static String up(JsonNode node) {
        return up(Duration.ofMillis(node.path("upMillis").asLong(0)));
    }

    /** The two largest units. */
    static String up(Duration up) {
        if (up.toDays() > 0) {
            return up.toDays() + "d " + up.toHoursPart() + "h";
        }
        if (up.toHours() > 0) {
            return up.toHours() + "h " + up.toMinutesPart() + "m";
        }
        return up.toMinutes() > 0 ? up.toMinutes() + "m " + up.toSecondsPart() + "s" : up.toSeconds() + "s";
    }
}
