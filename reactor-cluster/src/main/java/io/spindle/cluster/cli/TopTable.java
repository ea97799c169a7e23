// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What the workers do, between two looks at them. */
final class TopTable {

    private static final double MILLIS_IN_SECOND = 1000;
    private static final double MICROS_IN_MILLI = 1000;
    private static final double PERCENT = 100;
    private static final List<String> HEAD = List.of(
            "WORKER",
            "SLOT",
            "GENERATION",
            "PID",
            "STATE",
            "UP",
            "CPU",
            "REQUESTS",
            "REQ/S",
            "OPEN",
            "MEMORY",
            "DELAY");

    private TopTable() {}

    /**
     * Makes the lines.
     *
     * @param before the status of the last look; without it, and for a worker that is new, rates are those since its start
     */
    static List<String> of(@Nullable JsonNode before, JsonNode now) {
        double cpu = 0;
        double requests = 0;
        List<List<String>> rows = new ArrayList<>(List.of(HEAD));
        for (JsonNode worker : now.path("workers")) {
            @Nullable
            JsonNode earlier =
                    before == null ? null : find(before, worker.path("id").asInt(0));
            double workersCpu = rate("cpuMillis", earlier, worker) / MILLIS_IN_SECOND * PERCENT;
            double workersRequests = rate("requests", earlier, worker);
            cpu += workersCpu;
            requests += workersRequests;
            rows.add(row(worker, workersCpu, workersRequests));
        }
        List<String> lines = new ArrayList<>(StatusTable.summary(now));
        lines.add("workers use " + rounded(cpu) + "% of one processor, " + rounded(requests) + " requests/s");
        lines.add("");
        lines.addAll(StatusTable.aligned(rows));
        return lines;
    }

    private static @Nullable JsonNode find(JsonNode status, int id) {
        for (JsonNode worker : status.path("workers")) {
            if (worker.path("id").asInt(0) == id) {
                return worker;
            }
        }
        return null;
    }

    /** How much it is more in a second. */
    private static double rate(String name, @Nullable JsonNode earlier, JsonNode now) {
        long amount = number(name, now) - (earlier == null ? 0 : number(name, earlier));
        long millis = number("upMillis", now) - (earlier == null ? 0 : number("upMillis", earlier));
        return millis <= 0 ? 0 : Math.max(0, amount) * MILLIS_IN_SECOND / millis;
    }

    private static long number(String name, JsonNode worker) {
        return worker.path(name).asLong(0);
    }

    private static List<String> row(JsonNode worker, double cpu, double requests) {
        return List.of(
                StatusTable.text(worker, "id"),
                StatusTable.text(worker, "slot"),
                StatusTable.text(worker, "generation"),
                StatusTable.text(worker, "pid"),
                StatusTable.text(worker, "state"),
                StatusTable.up(worker),
                rounded(cpu) + "%",
                StatusTable.text(worker, "requests"),
                rounded(requests),
                StatusTable.text(worker, "connections"),
                StatusTable.memory(worker),
                String.format(Locale.ROOT, "%.1f ms", number("loopDelayMicros", worker) / MICROS_IN_MILLI));
    }

    private static String rounded(double value) {
        return String.valueOf(Math.round(value));
    }
}
