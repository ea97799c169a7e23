// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A worker's answer to a heartbeat: its server loops turn, and this is how it is. */
final class Pulse {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final Path MEMORY = Path.of("/proc/self/statm");
    private static final int PAGE_BYTES = 4096;

    private final Connections connections;
    private final Set<EventLoopGroup> groups = ConcurrentHashMap.newKeySet();

    Pulse(Connections connections) {
        this.connections = connections;
    }

    /** Servers run there. */
    void watch(EventLoopGroup group) {
        groups.add(group);
    }

    /** Completes when each loop has come round. */
    Mono<Control.Pulse> take() {
        return Flux.fromIterable(groups)
                .flatMapIterable(group -> group)
                .flatMap(Pulse::turn, Integer.MAX_VALUE)
                .then(Mono.fromCallable(() ->
                                new Control.Pulse(residentBytes(), connections.acceptedInAll(), connections.open()))
                        .subscribeOn(Schedulers.boundedElastic()));
    }

    private static Mono<Void> turn(EventExecutor loop) {
        return loop.isShuttingDown() ? Mono.empty() : Mono.create(sink -> loop.execute(sink::success));
    }

    private static long residentBytes() {
        try {
            return Long.parseLong(Files.readString(MEMORY).split(" ", -1)[1]) * PAGE_BYTES;
        } catch (IOException e) {
            log.debug("cannot read {}", MEMORY, e);
            return 0;
        }
    }
}
