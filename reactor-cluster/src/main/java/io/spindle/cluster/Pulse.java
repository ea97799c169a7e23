// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** A worker's answer to a heartbeat: its server loops turn, and this is how it is. */
final class Pulse {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final Path MEMORY = Path.of("/proc/self/status");
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s*(\\d+) kB");
    private static final int KB = 1024;
    private static final int QUEUED = 16;
    private static final int SECONDS_UNUSED = 60;

    /** Its own: where the program's blocking calls run a heartbeat would wait for them, and a busy worker look like a dead one. */
    private static final Scheduler FILES =
            Schedulers.newBoundedElastic(1, QUEUED, "spindle-pulse", SECONDS_UNUSED, true);

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
                .reduce(0L, Math::max)
                .flatMap(slowest -> Mono.fromCallable(() -> new Control.Pulse(
                                residentBytes(),
                                connections.acceptedInAll(),
                                connections.open(),
                                connections.requests(),
                                cpuMillis(),
                                TimeUnit.NANOSECONDS.toMicros(slowest)))
                        .subscribeOn(FILES));
    }

    /** Emits how many nanoseconds it took. */
    private static Mono<Long> turn(EventExecutor loop) {
        return loop.isShuttingDown()
                ? Mono.empty()
                : Mono.create(sink -> {
                    long begun = System.nanoTime();
                    loop.execute(() -> sink.success(System.nanoTime() - begun));
                });
    }

    private static long cpuMillis() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .orElse(Duration.ZERO)
                .toMillis();
    }

    private static long residentBytes() {
        try {
            return residentBytes(Files.readString(MEMORY));
        } catch (IOException e) {
            log.debug("cannot read {}", MEMORY, e);
            return 0;
        }
    }

    /** Of the text of that file; its neighbour statm counts in pages, whose size differs between machines. */
    static long residentBytes(String status) {
        Matcher resident = RESIDENT.matcher(status);
        return resident.find() ? Long.parseLong(resident.group(1)) * KB : 0;
    }
}
