// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/** Tells the errors by which interrupted code says that it was interrupted. */
final class Interrupts {

    private static final int MAX_DEPTH = 8;

    private Interrupts() {}

    static boolean caused(Throwable error) {
        @Nullable Throwable cause = Exceptions.unwrap(error);
        for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
            if (cause instanceof InterruptedException
                    || cause instanceof CancellationException // of code that looks whether it was stopped
                    || cause instanceof InterruptedIOException
                    || cause instanceof ClosedByInterruptException) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }
}
