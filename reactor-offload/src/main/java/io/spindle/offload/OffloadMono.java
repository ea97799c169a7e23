// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import io.spindle.loop.EventLoop;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * A call on a pool: one object for each subscription is subscription and task at once. Made on a loop, the subscription is
 * adopted by it.
 */
final class OffloadMono<T> extends Mono<T> implements Scannable {

    private static final Logger log = LoggerFactory.getLogger(BlockingPool.class);

    private final DefaultBlockingPool pool;
    private final Callable<? extends @Nullable T> task;
    private final TaskOptions options;

    private OffloadMono(DefaultBlockingPool pool, Callable<? extends @Nullable T> task, TaskOptions options) {
        this.pool = pool;
        this.task = task;
        this.options = options;
    }

    static <T> Mono<T> of(DefaultBlockingPool pool, Callable<? extends @Nullable T> task, TaskOptions options) {
        return EventLoop.onCurrent(onAssembly(new OffloadMono<T>(pool, task, options)));
    }

    /** So it is called in {@code LoopMetrics.resources()}. */
    @Override
    @SuppressWarnings({"rawtypes", "ReferenceEquality"})
    public @Nullable Object scanUnsafe(Attr key) {
        return key == Attr.NAME ? "BlockingPool.call" : null;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        actual.onSubscribe(new Call<>(this, actual));
    }

    private static final class Call<T> extends PoolTask implements Subscription {

        private final OffloadMono<T> source;
        private final CoreSubscriber<? super T> actual;

        Call(OffloadMono<T> source, CoreSubscriber<? super T> actual) {
            super(source.pool, source.options);
            this.source = source;
            this.actual = actual;
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

        @Override
        public void run() {
            T value = null;
            Throwable error = null;
            try {
                startTimer();
                value = pool.execute(this, source.task);
            } catch (Throwable thrown) {
                error = thrown;
            }
            if (!finish()) {
                drop(value, error);
            } else if (error != null) {
                actual.onError(seen(error));
            } else {
                if (value != null) {
                    actual.onNext(value);
                }
                actual.onComplete();
            }
        }

        /** What makes the JVM unreliable is not thrown on: the thread would die and the subscriber wait for ever. */
        private Throwable seen(Throwable thrown) {
            if (Exceptions.isJvmFatal(thrown)) {
                log.error("[{}] a call failed fatally", pool.name(), thrown);
                return thrown;
            }
            return Operators.onOperatorError(thrown, actual.currentContext());
        }

        @Override
        void refused(TaskRejectedException refusal) {
            actual.onError(Operators.onOperatorError(refusal, actual.currentContext()));
        }

        /** After it was stopped: nobody waits for the outcome. An error is news unless it is the interrupt's. */
        private void drop(@Nullable T value, @Nullable Throwable late) {
            if (late == null) {
                Operators.onDiscard(value, actual.currentContext());
            } else if (!Interrupts.caused(late)
                    && !(late instanceof TaskRejectedException)) { // which the metrics count
                Operators.onErrorDropped(late, actual.currentContext());
            }
        }

        @Override
        void timedOut(TimeoutException timeout) {
            actual.onError(timeout);
        }

        @Override
        public void cancel() {
            stop();
        }
    }
}
