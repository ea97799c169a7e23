// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The primary's end of the meters that its workers publish: what each has said last, asked anew by whoever looks. Loop only. */
final class WorkerMeters {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final EventLoop loop;
    private final MeterSums sums = new MeterSums();
    private final Map<DefaultClusterWorker, Said> said = new LinkedHashMap<>(); // in the order of their start

    private record Said(Channel channel, List<ClusterMeter> meters) {}

    WorkerMeters(EventLoop loop) {
        this.loop = loop;
    }

    /** It may say by itself how things are, which it does before it leaves. */
    void online(DefaultClusterWorker worker, Channel channel) {
        said.put(worker, new Said(channel, List.of()));
        channel.onRequest(Control.METERS, message -> Mono.fromRunnable(() -> heard(worker, message)));
    }

    void gone(DefaultClusterWorker worker) {
        Said last = said.remove(worker);
        if (last != null) {
            sums.retire(last.meters());
        }
    }

    private void heard(DefaultClusterWorker worker, Message message) {
        List<ClusterMeter> meters = List.of(message.as(ClusterMeter[].class));
        said.computeIfPresent(worker, (same, before) -> new Said(before.channel(), meters));
    }

    /** Asks all workers; one that does not answer in time counts with what it had said before. Any thread. */
    Mono<List<ClusterMeter>> all() {
        return Flux.defer(() -> Flux.fromIterable(new ArrayList<>(said.entrySet())))
                .flatMap(entry -> ask(entry.getKey(), entry.getValue().channel()))
                .then(Mono.fromSupplier(this::sum))
                .subscribeOn(loop);
    }

    private Mono<Void> ask(DefaultClusterWorker worker, Channel channel) {
        return channel.request(Control.METERS, "")
                .timeout(PrimaryTimes.METERS, loop)
                .doOnNext(answer -> heard(worker, answer))
                .doOnError(silent -> log.debug("[{}] does not tell its meters: {}", worker, silent.toString()))
                .onErrorComplete()
                .then();
    }

    private List<ClusterMeter> sum() {
        return sums.sum(said.entrySet().stream()
                .map(entry -> new MeterSums.Living(
                        entry.getKey().slot(), entry.getValue().meters()))
                .toList());
    }
}
