// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The primary's end of the meters that its workers publish: what each has said last, asked anew by whoever looks. Loop only. */
final class WorkerMeters {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final EventLoop loop;
    private final MeterSums sums = new MeterSums();
    private final Map<DefaultClusterWorker, Said> said = new LinkedHashMap<>(); // as they came online
    private @Nullable Mono<List<ClusterMeter>> running;

    private record Said(Channel channel, Control.Meters last) {}

    WorkerMeters(EventLoop loop) {
        this.loop = loop;
    }

    /** It may say by itself how things are, which it does before it leaves. */
    void online(DefaultClusterWorker worker, Channel channel) {
        said.put(worker, new Said(channel, Control.Meters.NONE));
        channel.onRequest(Control.METERS, message -> heard(worker, message).then(Mono.empty()));
    }

    void gone(DefaultClusterWorker worker) {
        Said all = said.remove(worker);
        if (all != null) {
            sums.retire(all.last().meters(), worker.slot());
        }
    }

    /** Many names are many objects: they are read elsewhere. Of two answers the newer one counts, whichever comes first. */
    private Mono<Void> heard(DefaultClusterWorker worker, Message message) {
        return Mono.fromCallable(() -> message.as(Control.Meters.class))
                .subscribeOn(Schedulers.boundedElastic())
                .publishOn(loop)
                .doOnNext(now -> said.computeIfPresent(
                        worker,
                        (same, before) ->
                                now.number() > before.last().number() ? new Said(before.channel(), now) : before))
                .then();
    }

    /**
     * Asks all workers, once for all who want to know meanwhile; one that does not answer in time counts with what it had said
     * before. Any thread.
     */
    Mono<List<ClusterMeter>> all() {
        return Mono.defer(() -> {
                    Mono<List<ClusterMeter>> present = running;
                    if (present == null) {
                        present = askAll().doOnTerminate(() -> running = null).cache();
                        running = present;
                    }
                    return present;
                })
                .subscribeOn(loop);
    }

    private Mono<List<ClusterMeter>> askAll() {
        return Flux.fromIterable(new ArrayList<>(said.entrySet()))
                .flatMap(entry -> ask(entry.getKey(), entry.getValue().channel()))
                .then(Mono.fromSupplier(this::sum));
    }

    private Mono<Void> ask(DefaultClusterWorker worker, Channel channel) {
        return channel.request(Control.METERS, "")
                .timeout(PrimaryTimes.METERS, loop)
                .flatMap(answer -> heard(worker, answer))
                .doOnError(silent -> log.warn("[{}] does not tell its meters: {}", worker, silent.toString()))
                .onErrorComplete();
    }

    private List<ClusterMeter> sum() {
        return sums.sum(said.entrySet().stream()
                .map(entry -> new MeterSums.Living(
                        entry.getKey().slot(), entry.getValue().last().meters()))
                .toList());
    }
}
