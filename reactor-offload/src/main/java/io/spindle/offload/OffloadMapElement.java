// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.util.Objects;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;

/** One element of a map: its input until it has run, its value or error after. */
final class OffloadMapElement<T, R> extends PoolTask {

    private final OffloadMapSubscriber<T, R> parent;
    final T input;
    final int slot;

    @Nullable
    R value;

    volatile @Nullable Throwable error;
    private volatile @Nullable TimeoutException timeout; // while it still runs

    OffloadMapElement(OffloadMapSubscriber<T, R> parent, T input, int slot) {
        super(parent.pool, parent.options);
        this.parent = parent;
        this.input = input;
        this.slot = slot;
    }

    @Override
    public void run() {
        Throwable thrown = null;
        try {
            startTimer();
            value = Objects.requireNonNull(parent.map(this), "the mapper returned null");
        } catch (Throwable failed) {
            thrown = failed;
            error = mapped(failed);
        }
        if (finish()) {
            parent.completed(this);
        } else if (thrown == null) {
            Operators.onDiscard(value, parent.currentContext());
        } else if (!Interrupts.caused(thrown)) {
            Operators.onErrorDropped(thrown, parent.currentContext());
        }
    }

    /** What Reactor's hook makes of an error, but for those that it throws on: then nobody would be told. */
    private Throwable mapped(Throwable thrown) {
        try {
            return Operators.onOperatorError(null, thrown, input, parent.currentContext());
        } catch (Throwable fatal) {
            return thrown;
        }
    }

    @Override
    void timedOut(TimeoutException expired) {
        timeout = expired;
        parent.timedOut(this);
    }

    boolean hasOutcome() {
        return timeout != null || (state == DONE && (value != null || error != null)); // refused, it is done first
    }

    @Nullable
    Throwable failure() {
        Throwable expired = timeout;
        return expired == null ? error : expired;
    }

    @Override
    void refused(TaskRejectedException refusal) {
        error = Operators.onOperatorError(null, refusal, input, parent.currentContext());
        Operators.onDiscard(input, parent.currentContext());
        parent.completed(this);
    }

    /** Nobody waits for it any more. Each thing is discarded or dropped once, whoever calls. */
    void abandon() {
        if (abandonWaiting() || interrupt() || !STATE.compareAndSet(this, DONE, DELIVERED)) {
            return;
        }
        Operators.onDiscard(value, parent.currentContext());
        Throwable failed = error;
        if (failed != null && parent.ordered && !failed.equals(parent.told)) { // else told or dropped when it came
            parent.dropped(failed);
        }
    }

    boolean abandonWaiting() {
        boolean stopped = stopWaiting();
        if (stopped) {
            Operators.onDiscard(input, parent.currentContext());
        }
        return stopped;
    }
}
