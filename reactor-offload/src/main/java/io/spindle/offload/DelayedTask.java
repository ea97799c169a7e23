// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.offload.TaskRejectedException.Reason;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/**
 * A delayed or periodic task of the Scheduler: Reactor's parallel scheduler keeps the time, so virtual time works, and
 * at the time the task goes to the pool. A periodic task that still runs or waits when it is due again is left out.
 */
final class DelayedTask implements Disposable, Runnable {

    private final Function<Runnable, Disposable> target;
    private final Runnable task;
    private final boolean repeats;
    private final Disposable.Swap timer = Disposables.swap();
    private final AtomicReference<@Nullable Disposable> submitted = new AtomicReference<>();
    private volatile boolean done;
    private volatile @Nullable Runnable onEnd;

    private DelayedTask(Function<Runnable, Disposable> target, Runnable task, boolean repeats) {
        this.target = target;
        this.task = task;
        this.repeats = repeats;
    }

    static DelayedTask once(Function<Runnable, Disposable> target, Runnable task, long delay, TimeUnit unit) {
        DelayedTask delayed = new DelayedTask(target, Schedulers.onSchedule(task), false);
        delayed.timer.update(Schedulers.parallel().schedule(delayed, delay, unit));
        return delayed;
    }

    static DelayedTask periodic(
            Function<Runnable, Disposable> target, Runnable task, long initialDelay, long period, TimeUnit unit) {
        DelayedTask delayed = new DelayedTask(target, Schedulers.onSchedule(task), true);
        delayed.timer.update(Schedulers.parallel().schedulePeriodically(delayed, initialDelay, period, unit));
        return delayed;
    }

    /** Sets what is called when nothing is left to dispose. */
    void onEnd(Runnable callback) {
        onEnd = callback;
        if (done) {
            callback.run();
        }
    }

    /** When it is due. */
    @Override
    public void run() {
        Disposable before = submitted.get();
        if (done || (before != null && !before.isDisposed())) {
            return;
        }
        try {
            Disposable now = target.apply(repeats ? task : this::runOnce);
            if (!submitted.compareAndSet(before, now)) {
                now.dispose(); // disposed meanwhile
            }
        } catch (RejectedExecutionException error) {
            boolean targetEnded =
                    !(error instanceof TaskRejectedException refusal) || refusal.reason() == Reason.DISPOSED;
            if (targetEnded || !repeats) {
                end();
            }
            if (!targetEnded) {
                Operators.onErrorDropped(error, Context.empty());
            }
        }
    }

    private void runOnce() {
        try {
            task.run();
        } finally {
            end();
        }
    }

    private void end() {
        done = true;
        timer.dispose();
        Runnable callback = onEnd;
        if (callback != null) {
            callback.run();
        }
    }

    @Override
    public void dispose() {
        if (!done) {
            end();
        }
        Disposable last = submitted.getAndSet(Disposables.disposed());
        if (last != null) {
            last.dispose();
        }
    }

    @Override
    public boolean isDisposed() {
        return done;
    }
}
