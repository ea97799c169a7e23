// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/** What is written on the control socket: an object as a line of JSON, whose {@code ok} says how it went. */
final class AdminAnswer {

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .build();

    private record Failed(boolean ok, String error) {}

    private record Status(boolean ok, AdminStatus status) {}

    private record Meters(boolean ok, List<ClusterMeter> meters) {}

    private record Page(boolean ok, String page) {}

    private record Begun(boolean ok, String note) {}

    private record Missed(long missed) {}

    private record Line(String time, int worker, String source, String text) {}

    private AdminAnswer() {}

    /** It has gone well. Ready at once, as is the next: whoever waits for the end of the cluster has no time to lose. */
    static byte[] done() {
        return bytes("{\"ok\":true}");
    }

    /** The cluster was faster. */
    static byte[] ended() {
        return bytes("{\"ok\":false,\"error\":\"the cluster ended before that was done\"}");
    }

    static Mono<byte[]> failed(String reason) {
        return json(new Failed(false, reason));
    }

    static Mono<byte[]> of(AdminStatus status) {
        return json(new Status(true, status));
    }

    static Mono<byte[]> of(List<ClusterMeter> meters) {
        return json(new Meters(true, meters));
    }

    static Mono<byte[]> ofPage(String page) {
        return json(new Page(true, page));
    }

    /** Lines will follow. Blocks for a moment, as does the next. */
    static byte[] begun(String note) {
        return bytes(JSON.writeValueAsString(new Begun(true, note)));
    }

    static byte[] lines(RecentLines.Batch batch) {
        StringBuilder all = new StringBuilder();
        if (batch.missed() > 0) {
            all.append(JSON.writeValueAsString(new Missed(batch.missed()))).append('\n');
        }
        for (RecentLines.Line line : batch.lines()) {
            String source = line.source().name().toLowerCase(Locale.ROOT);
            Line told = new Line(line.time().toString(), line.worker(), source, line.text());
            all.append(JSON.writeValueAsString(told)).append('\n');
        }
        return all.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Off the loop, since Jackson's first words load many classes. */
    private static Mono<byte[]> json(Object answer) {
        return Mono.fromCallable(() -> bytes(JSON.writeValueAsString(answer))).subscribeOn(Schedulers.boundedElastic());
    }

    private static byte[] bytes(String line) {
        return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
