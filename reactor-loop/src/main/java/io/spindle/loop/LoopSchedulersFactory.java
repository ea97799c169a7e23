// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.concurrent.ThreadFactory;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Puts event loops behind Reactor's factory methods for single-threaded schedulers. */
final class LoopSchedulersFactory implements Schedulers.Factory {

    @Override
    public Scheduler newSingle(ThreadFactory threadFactory) {
        Thread pattern = threadFactory.newThread(() -> {}); // never started: a loop needs a thread of its own kind
        return EventLoopSpec.of(pattern.getName()).daemon(pattern.isDaemon()).start();
    }
}
