// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs what holds a loop: at WARN if the callback is to blame, at DEBUG if a cold start or the machine is. Watchdog only. */
final class BlockedLoopLog implements Consumer<BlockedLoop> {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    /** For so long after its start a JVM interprets most of what it runs, on a busy machine a hundred times slower. */
    private static final long COLD_MILLIS = Duration.ofSeconds(10).toMillis();

    /** What computes for longer is to blame at any time. */
    private static final Duration MAX_COLD = Duration.ofSeconds(1);

    private final LongSupplier uptimeMillis;
    private boolean warned;

    BlockedLoopLog() {
        this(() -> ManagementFactory.getRuntimeMXBean().getUptime());
    }

    BlockedLoopLog(LongSupplier uptimeMillis) {
        this.uptimeMillis = uptimeMillis;
    }

    @Override
    public void accept(BlockedLoop report) {
        switch (report.state()) {
            case BLOCKED -> warn(report);
            case COMPUTING -> {
                if (isCold(report)) {
                    log.debug("{}", report);
                } else {
                    warn(report);
                }
            }
            case LOADING, STARVED -> log.debug("{}", report);
            case ENDED -> {
                if (warned) {
                    log.warn("{}", report);
                }
                warned = false;
            }
        }
    }

    private void warn(BlockedLoop report) {
        warned = true;
        log.warn("{}", report);
    }

    private boolean isCold(BlockedLoop report) {
        return uptimeMillis.getAsLong() < COLD_MILLIS && report.held().compareTo(MAX_COLD) < 0;
    }
}
