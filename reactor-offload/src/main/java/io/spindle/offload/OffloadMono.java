// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.EventLoop;
import io.spindle.loop.Handle;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;

/** A call on a pool: one object for each subscription is subscription, task and way home at once. */
final class OffloadMono<T> extends Mono<T> {

    private static final Logger log = LoggerFactory.getLogger(BlockingPool.class);
    private static final String KIND = "BlockingPool.call";

    private final DefaultBlockingPool pool;
    private final Callable<? extends @Nullable T> task;
    private final TaskOptions options;

    private OffloadMono(DefaultBlockingPool pool, Callable<? extends @Nullable T> task, TaskOptions options) {
        this.pool = pool;
        this.task = task;
        this.options = options;
    }

    static <T> Mono<T> of(DefaultBlockingPool pool, Callable<? extends @Nullable T> task, TaskOptions options) {
        return onAssembly(new OffloadMono<T>(pool, task, options));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        EventLoop loop = EventLoop.current();
        Call<T> call;
        try {
            call = new Call<>(this, actual, loop, loop == null ? null : loop.open(KIND));
        } catch (RejectedExecutionException error) { // the loop has ended
            Operators.error(actual, Operators.onRejectedExecution(error, actual.currentContext()));
            return;
        }
        actual.onSubscribe(call);
    }

    private static final class Call<T> extends PoolTask implements Subscription {

        private final OffloadMono<T> source;
        private final CoreSubscriber<? super T> actual;
        private final @Nullable EventLoop loop;
        private final @Nullable Handle handle;
        private @Nullable T value;
        private @Nullable Throwable error;
        private volatile boolean cancelled;

        Call(
                OffloadMono<T> source,
                CoreSubscriber<? super T> actual,
                @Nullable EventLoop loop,
                @Nullable Handle handle) {
            super(source.pool, source.options);
            this.source = source;
            this.actual = actual;
            this.loop = loop;
            this.handle = handle;
        }

        @Override
        public void request(long n) {
            if (Operators.validate(n) && state == NEW) {
                TaskRejectedException refusal = pool.offer(this);
                if (refusal != null) {
                    refuse(refusal);
                }
            }
        }

        /** On the pool: the call. On the loop: its outcome. */
        @Override
        public void run() {
            if (state >= DONE) {
                deliver();
                return;
            }
            try {
                startTimer();
                value = pool.execute(this, source.task);
            } catch (Throwable thrown) {
                error = thrown;
            }
            if (finish()) {
                error = seen(error);
                complete();
            } else {
                drop();
            }
        }

        /** What makes the JVM unreliable is not thrown on: the thread would die and the subscriber wait for ever. */
        private @Nullable Throwable seen(@Nullable Throwable thrown) {
            if (thrown != null && Exceptions.isJvmFatal(thrown)) {
                log.error("[{}] a call failed fatally", pool.name(), thrown);
                return thrown;
            }
            return thrown == null ? null : Operators.onOperatorError(thrown, actual.currentContext());
        }

        @Override
        void refused(TaskRejectedException refusal) {
            error = Operators.onOperatorError(refusal, actual.currentContext());
            complete();
        }

        private void complete() {
            if (loop == null || loop.inLoop()) {
                deliver();
                return;
            }
            try {
                loop.netty().execute(Schedulers.onSchedule(this));
            } catch (RejectedExecutionException rejected) {
                if (STATE.compareAndSet(this, DONE, DELIVERED)) {
                    Operators.onDiscard(value, actual.currentContext());
                    actual.onError(Operators.onRejectedExecution(rejected, actual.currentContext()));
                }
                return;
            }
            if (loop.netty().isShuttingDown()
                    && STATE.compareAndSet(this, DONE, DELIVERED)) { // it may not have seen it
                Operators.onDiscard(value, actual.currentContext());
            }
        }

        private void deliver() {
            if (!STATE.compareAndSet(this, DONE, DELIVERED)) {
                return; // cancelled meanwhile
            }
            try {
                signal();
            } finally {
                letGo();
            }
        }

        private void signal() {
            T result = value;
            Throwable failure = error;
            if (loop != null && loop.netty().isShuttingDown()) { // not while it ends gracefully
                Operators.onDiscard(
                        result, actual.currentContext()); // a loop that ends at once discards what is queued
            } else if (failure != null) {
                actual.onError(failure);
            } else {
                if (result != null) {
                    actual.onNext(result);
                }
                actual.onComplete();
            }
        }

        private void letGo() {
            if (handle != null) {
                handle.dispose();
            }
        }

        /** After it was stopped: nobody waits for the outcome. An error is news unless it is the interrupt's. */
        private void drop() {
            Throwable late = error;
            if (late == null) {
                Operators.onDiscard(value, actual.currentContext());
            } else if (!Interrupts.caused(late)
                    && !(late instanceof TaskRejectedException)) { // which the metrics count
                Operators.onErrorDropped(late, actual.currentContext());
            }
        }

        @Override
        void timedOut(TimeoutException timeout) {
            if (loop == null) {
                actual.onError(timeout);
                return;
            }
            try {
                loop.netty().execute(Schedulers.onSchedule(() -> {
                    if (!cancelled && !loop.netty().isShuttingDown()) {
                        actual.onError(timeout);
                        letGo();
                    }
                }));
            } catch (RejectedExecutionException rejected) {
                actual.onError(Operators.onRejectedExecution(rejected, actual.currentContext()));
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            if (!stop() && STATE.compareAndSet(this, DONE, DELIVERED)) { // on its way home
                drop();
            }
            letGo();
        }

        @Override
        public void dispose() {
            cancel();
        }
    }
}
