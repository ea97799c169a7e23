// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.util.concurrent.FastThreadLocalThread;
import reactor.core.scheduler.NonBlocking;

/** The thread of one loop: Reactor refuses to block on it, and it knows its loop without a thread-local. */
final class LoopThread extends FastThreadLocalThread implements NonBlocking {

    private final DefaultEventLoop loop;

    LoopThread(Runnable body, DefaultEventLoop loop) {
        super(body, loop.name());
        this.loop = loop;
        setDaemon(loop.spec().daemon());
    }

    EventLoop eventLoop() {
        return loop;
    }
}
