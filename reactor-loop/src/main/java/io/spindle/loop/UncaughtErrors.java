// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What becomes of an error that a callback let out: the user's handler has it, or it ends the program, or it is logged. */
final class UncaughtErrors {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    private UncaughtErrors() {}

    /** Returns whether the program, if there is one, has failed by it. Loop only. */
    static boolean failProgram(DefaultEventLoop loop, @Nullable Program program, Throwable error) {
        Throwable uncaught = error;
        boolean handlerFailed = false;
        BiConsumer<EventLoop, Throwable> handler = loop.spec().uncaughtHandler();
        if (handler != null) {
            try {
                handler.accept(loop, error);
                return false;
            } catch (Throwable inHandler) {
                handlerFailed = true;
                uncaught = inHandler;
                if (!inHandler.equals(error)) {
                    inHandler.addSuppressed(error);
                }
            }
        }
        if (loop.isDiscarding()) {
            log.debug("[{}] a callback threw while the loop was ending", loop.name(), uncaught);
        } else if (program != null) {
            program.fail(uncaught, handlerFailed);
            return true;
        } else {
            log.error("[{}] a callback threw, the loop goes on", loop.name(), uncaught);
        }
        return false;
    }
}
