// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs on a loop what comes from any thread, in the order in which it comes. What comes on the loop runs at once, unless
 * something that came before it from elsewhere is still on its way: it would overtake that.
 */
final class InOrder {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final IoEventLoop loop;
    private final AtomicInteger onTheirWay = new AtomicInteger();

    InOrder(IoEventLoop loop) {
        this.loop = loop;
    }

    /**
     * Runs a task, now or later.
     *
     * @param otherwise runs instead, here, if the loop has ended
     */
    void run(Runnable task, Runnable otherwise) {
        if (onTheirWay.get() == 0 && loop.inEventLoop()) {
            task.run();
            return;
        }
        onTheirWay.incrementAndGet();
        try {
            loop.execute(() -> {
                onTheirWay.decrementAndGet();
                task.run();
            });
        } catch (RejectedExecutionException e) {
            log.trace("the event loop has ended", e);
            otherwise.run();
        }
    }
}
