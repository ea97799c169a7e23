// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import io.spindle.loop.Handle;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/** The one who receives from a {@link PortQueue}: its demand, where it lives (a loop, or else Reactor's
 * parallel scheduler), and what it holds open. */
final class PortReceiver<T> implements Subscription {

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<PortReceiver> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(PortReceiver.class, "requested");

    private final PortQueue<T> port;
    private final CoreSubscriber<? super T> actual;
    private final @Nullable EventLoop loop;
    private final Scheduler.@Nullable Worker worker; // without a loop
    private final @Nullable Handle handle;
    private volatile long requested;
    private volatile boolean begun;
    private volatile boolean cancelled;

    PortReceiver(
            PortQueue<T> port, CoreSubscriber<? super T> actual, @Nullable EventLoop loop, @Nullable Handle handle) {
        this.port = port;
        this.actual = actual;
        this.loop = loop;
        this.worker = loop == null ? Schedulers.parallel().createWorker() : null;
        this.handle = handle;
    }

    /**
     * Runs {@code task} where this receiver lives, after what was posted before.
     *
     * @throws java.util.concurrent.RejectedExecutionException if that has ended
     */
    void post(Runnable task) {
        if (loop != null) {
            loop.netty().execute(task);
        } else if (worker != null) {
            worker.schedule(task);
        }
    }

    /** It has got its subscription: signals may follow. */
    void begin() {
        begun = true;
    }

    boolean hasBegun() {
        return begun;
    }

    /** Not while the loop ends gracefully: what this asked for keeps that alive, and arrives. */
    boolean isHomeDisposed() {
        return loop != null && loop.netty().isShuttingDown();
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n)) {
            Operators.addCap(REQUESTED, this, n);
            port.drain();
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        port.drain();
    }

    /** It can receive nothing any more, though it has not cancelled. */
    void abandon() {
        cancelled = true;
    }

    Context context() {
        return actual.currentContext();
    }

    boolean hasRef() {
        return handle != null && handle.hasRef();
    }

    boolean isCancelled() {
        return cancelled;
    }

    boolean isWanting() {
        return requested > 0;
    }

    // drain only
    void next(T message) {
        if (requested != Long.MAX_VALUE) {
            REQUESTED.decrementAndGet(this);
        }
        actual.onNext(message);
    }

    // drain only
    void end(@Nullable Throwable error) {
        if (error == null) {
            actual.onComplete();
        } else {
            actual.onError(error);
        }
        letGo();
    }

    void reference(boolean reference) {
        if (handle != null) {
            if (reference) {
                handle.ref();
            } else {
                handle.unref();
            }
        }
    }

    /** Not so the worker: disposing it could drop a drain that is posted. It holds nothing. */
    void letGo() {
        if (handle != null) {
            handle.dispose();
        }
    }
}
