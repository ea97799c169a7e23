// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs what holds a loop: at WARN if the callback is to blame, at DEBUG if a cold start or the machine is. Watchdog only. */
final class BlockedLoopLog implements Consumer<BlockedLoop> {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    private boolean warned;

    @Override
    public void accept(BlockedLoop report) {
        switch (report.state()) {
            case BLOCKED, COMPUTING -> {
                warned = true;
                log.warn("{}", report);
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
}
