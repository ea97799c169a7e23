// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.Signal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** A primary that is the whole program: it answers the signals of the operating system. */
final class PrimaryMain {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final int SIGNAL_BASE = 128;
    private static final int INT = 2;
    private static final int TERM = 15;

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger forcedCode = new AtomicInteger();
    private final Mono<Primary> primary;
    private final CompletableFuture<@Nullable Integer> exit;

    PrimaryMain(PrimarySpec spec) {
        primary = PrimaryStart.of(spec, System.getenv()).cache();
        OsSignals.handle("TERM", () -> stop(TERM));
        OsSignals.handle("INT", () -> stop(INT));
        spec.reloadOn().forEach(this::reloadOn);
        exit = primary.flatMap(Primary::exit).map(this::code).toFuture();
    }

    /** The first signal asks, a second one does not wait. Called on a thread of the JVM for signals. */
    private void stop(int signal) {
        int before = asked.getAndSet(signal);
        if (before == 0) {
            log.info("stopping: the workers finish what runs");
            primary.flatMap(Primary::disposeGracefully).subscribe(null, failed -> {});
        } else {
            log.info("stopping at once");
            forcedCode.set(SIGNAL_BASE + signal);
            kill();
        }
    }

    private void reloadOn(Signal signal) {
        if (!OsSignals.handle(signal.name(), this::reload)) {
            log.warn(
                    "{} will not reload: it was ignored when this JVM was started, as under nohup, or the JVM keeps it",
                    signal);
        }
    }

    private void reload() {
        primary.flatMap(Primary::reload)
                .subscribe(null, failed -> log.error("{}", failed.getMessage()), () -> log.info("all workers are new"));
    }

    void kill() {
        primary.subscribe(Primary::dispose, failed -> {});
    }

    private int code(int natural) {
        return forcedCode.get() == 0 ? natural : forcedCode.get();
    }

    CompletableFuture<@Nullable Integer> exit() {
        return exit;
    }
}
