// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * What happens, for all who listen. What happens to workers waits for each subscriber by itself, for it is little;
 * messages are pulled from the workers at the pace of the slowest subscriber. Emitted on the loop only.
 */
final class Events {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final int PREFETCH = 32;

    private final Sinks.Many<ClusterEvent> happened = Sinks.many().multicast().directBestEffort();
    private final Sinks.Many<DefaultClusterWorker> online =
            Sinks.many().unicast().onBackpressureBuffer();
    private final Flux<ClusterEvent.Message> messages = online.asFlux()
            .flatMap(DefaultClusterWorker::messages, Integer.MAX_VALUE, PREFETCH)
            .publish(PREFETCH)
            .autoConnect();

    /** Everything, buffered for this subscriber alone but for the messages. */
    Flux<ClusterEvent> all() {
        return EventLoop.onCurrent(Flux.merge(happened.asFlux().onBackpressureBuffer(), messages));
    }

    Flux<ClusterEvent.Message> messages() {
        return EventLoop.onCurrent(messages);
    }

    void tell(Consumer<ClusterEvent> handler) {
        all().subscribe(event -> {
            try {
                handler.accept(event);
            } catch (RuntimeException e) {
                log.error("onEvent threw at {}", event, e);
            }
        });
    }

    void happened(ClusterEvent event) {
        log.debug("{}", event);
        happened.tryEmitNext(event).orThrow();
    }

    void online(DefaultClusterWorker worker) {
        online.tryEmitNext(worker).orThrow();
    }

    void complete() {
        happened.tryEmitComplete();
        online.tryEmitComplete();
    }
}
