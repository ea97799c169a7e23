// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.util.concurrent.FastThreadLocalThread;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.NonBlocking;

/** The thread of one loop: Reactor refuses to block on it, and it knows its loop without a thread-local. */
final class LoopThread extends FastThreadLocalThread implements NonBlocking {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    private final DefaultEventLoop loop;

    /** Reactor is being told of an error that has been handled. Loop only. */
    private boolean handled;

    LoopThread(Runnable body, DefaultEventLoop loop) {
        super(body, loop.name());
        this.loop = loop;
        setDaemon(loop.spec().daemon());
        setUncaughtExceptionHandler((thread, error) -> {
            if (!handled) {
                log.error("[{}] the thread of the loop ended by an error", loop.name(), error);
            }
        });
    }

    // loop only
    void handled(boolean handled) {
        this.handled = handled;
    }

    DefaultEventLoop eventLoop() {
        return loop;
    }
}
