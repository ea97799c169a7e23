// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Tells Reactor's hook {@code Schedulers.onHandleError} of an error that a loop has handled. Reactor calls the hook only
 * from schedulers of its own, so the error is thrown again in one that runs its tasks in place. Reactor then tells the
 * thread's handler of uncaught exceptions too, which {@link LoopThread} silences meanwhile; and a hook of
 * {@code Schedulers.onScheduleHook} sees one task more.
 */
final class SchedulerErrorHook {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);
    private static final Scheduler IN_PLACE = Schedulers.fromExecutor(Runnable::run);

    private SchedulerErrorHook() {}

    // loop only
    @SuppressWarnings("ReferenceEquality") // an error that Reactor takes for fatal comes back as it is
    static void tell(Throwable error) {
        LoopThread thread = (LoopThread) Thread.currentThread();
        thread.handled(true);
        try {
            IN_PLACE.schedule(() -> {
                throw Exceptions.propagate(error);
            });
        } catch (Throwable inHook) {
            if (inHook != error) {
                log.error("a hook of Schedulers threw", inHook);
            }
        } finally {
            thread.handled(false);
        }
    }
}
