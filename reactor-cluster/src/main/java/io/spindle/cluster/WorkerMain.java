// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.Channel;
import java.net.BindException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a worker process. It ends by {@link Exit} only, from whichever thread sees the reason first: the channel
 * lives on a loop of its own, so that a blocked server loop is in nobody's way.
 */
final class WorkerMain {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final int TERM_CODE = 143;
    private static final int FAILED_CODE = 1;

    private WorkerMain() {}

    /** Does not return, and its exception is never thrown: it tells the compiler so. */
    static IllegalStateException run(Role role, Consumer<? super WorkerContext> program) {
        EventLoop loop = EventLoop.create("spindle-worker");
        DefaultWorkerContext context = connect(role, loop);
        context.onDisconnected()
                .subscribe(null, null, () -> Exit.now(context.exitCode(), () -> Abandoned.remove(role)));
        OsSignals.handle("TERM", () -> context.drain(role.grace(), TERM_CODE));
        OsSignals.handle("INT", () -> {}); // a terminal sends it to all; the primary decides
        try {
            program.accept(context);
            context.serves();
        } catch (Throwable e) {
            context.failed(e);
        }
        return await();
    }

    private static DefaultWorkerContext connect(Role role, EventLoop loop) {
        try {
            return Channel.connect(role.invitation(), loop)
                    .map(channel -> new DefaultWorkerContext(role, loop, channel)) // there: before it reads a request
                    .toFuture()
                    .get();
        } catch (ExecutionException | InterruptedException e) {
            log.debug("the primary has gone before this worker came", e);
            Exit.now(FAILED_CODE);
            throw await();
        }
    }

    /** What the primary is to know; the reason of a failed bind is printed there, once for all workers. */
    static Control.Failure failure(Throwable error) {
        boolean bind = isBind(error);
        if (!bind) {
            log.error("the program of this worker failed", error);
        }
        return new Control.Failure(reason(error), bind);
    }

    private static boolean isBind(Throwable error) {
        return error instanceof BindException || (error.getCause() != null && isBind(error.getCause()));
    }

    private static String reason(Throwable error) {
        if (error.getCause() instanceof BindException cause) {
            return reason(cause);
        }
        return error instanceof BindException ? String.valueOf(error.getMessage()) : error.toString();
    }

    private static IllegalStateException await() {
        CountDownLatch never = new CountDownLatch(1);
        while (true) {
            try {
                never.await();
            } catch (InterruptedException e) {
                log.debug("a worker ends by its exit only", e);
            }
        }
    }
}
