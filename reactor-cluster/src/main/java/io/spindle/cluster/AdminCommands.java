// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** What the requests on the control socket do. Loop only. */
final class AdminCommands {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private static final String SCALE = "scale";

    private final Primary primary;
    private final Supplier<AdminStatus> status;
    private final RecentLines lines;
    private final Sinks.Empty<Void> ended = Sinks.empty();

    AdminCommands(Primary primary, Supplier<AdminStatus> status, RecentLines lines) {
        this.primary = primary;
        this.status = status;
        this.lines = lines;
    }

    /** Does what a line asks for; the answer comes when it is done. Cancel leaves the work. */
    AdminReply answer(String line) {
        List<String> words = List.of(line.strip().split("\\s+", -1));
        if (words.get(0).equals(AdminLogs.NAME)) {
            return logs(words);
        }
        return AdminReply.of(answer(line, words));
    }

    private AdminReply logs(List<String> words) {
        try {
            AdminLogs logs = AdminLogs.parse(words);
            if (logs.worker() != RecentLines.ALL && !isKnown(logs.worker())) {
                return AdminReply.of(AdminAnswer.failed(
                        "there is no worker " + logs.worker() + " now, and no line of one with that number is kept"));
            }
            return logs.of(lines);
        } catch (IllegalArgumentException e) {
            return AdminReply.of(AdminAnswer.failed(String.valueOf(e.getMessage())));
        }
    }

    private boolean isKnown(int worker) {
        return lines.has(worker) || status.get().workers().stream().anyMatch(each -> each.id() == worker);
    }

    private Mono<byte[]> answer(String line, List<String> words) {
        if (words.size() == 2 && words.get(0).equals(SCALE)) {
            return scale(words.get(1));
        }
        return switch (line.strip()) {
            case "status" -> AdminAnswer.of(status.get());
            case "top" -> top();
            case "meters" -> primary.meters().flatMap(AdminAnswer::of);
            case "meters prometheus" -> page();
            case "reload" -> whenDone("reload", primary.reload());
            case "stop" -> stop();
            default ->
                AdminAnswer.failed(
                        "a request is status, top, meters, logs, reload, scale N or stop, was " + line.strip());
        };
    }

    /** The status, with figures of now and not of the last heartbeat. */
    private Mono<byte[]> top() {
        return Mono.when(primary.workers().stream()
                        .filter(DefaultClusterWorker.class::isInstance)
                        .map(worker -> ((DefaultClusterWorker) worker).refresh())
                        .toList())
                .then(Mono.defer(() -> AdminAnswer.of(status.get())));
    }

    private Mono<byte[]> page() {
        return primary.meters().publishOn(Schedulers.boundedElastic()).flatMap(AdminCommands::page);
    }

    private static Mono<byte[]> page(List<ClusterMeter> meters) {
        try {
            return AdminAnswer.ofPage(PrometheusPage.of(meters));
        } catch (NoClassDefFoundError missing) {
            return AdminAnswer.failed(
                    "a page needs io.micrometer:micrometer-registry-prometheus on the class path of the "
                            + "primary; JSON needs nothing");
        } catch (RuntimeException e) {
            log.warn("no page for Prometheus", e);
            return AdminAnswer.failed("no page can be made of these meters: " + e);
        }
    }

    private Mono<byte[]> scale(String count) {
        try {
            return whenDone("scale " + count, primary.scale(Integer.parseInt(count)));
        } catch (NumberFormatException e) {
            return AdminAnswer.failed("N of scale N must be a number, was " + count);
        } catch (IllegalArgumentException e) {
            return AdminAnswer.failed(String.valueOf(e.getMessage()));
        }
    }

    /** Answered when no worker is left. */
    private Mono<byte[]> stop() {
        log.info("asked by the control socket: stop");
        primary.disposeGracefully().subscribe();
        return ended.asMono().thenReturn(AdminAnswer.done());
    }

    private Mono<byte[]> whenDone(String what, Mono<Void> work) {
        log.info("asked by the control socket: {}", what);
        Mono<byte[]> end = ended.asMono().thenReturn(AdminAnswer.ended());
        return Mono.firstWithSignal(work.thenReturn(AdminAnswer.done()), end)
                .onErrorResume(error -> AdminAnswer.failed(String.valueOf(error.getMessage())));
    }

    /** The cluster has no worker any more. */
    void end() {
        ended.tryEmitEmpty();
    }
}
