// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/** A request on its way: what is asked, who waits for the answer, and the work on it, which a cancel reaches. */
final class PortCall<Q, A> {

    private final Q question;
    private final MonoSink<A> asker;
    private final AtomicBoolean settled = new AtomicBoolean();
    private final Disposable.Swap work = Disposables.swap();
    private volatile @Nullable EventLoop workplace;

    PortCall(Q question, MonoSink<A> asker) {
        this.question = question;
        this.asker = asker;
    }

    /** Lets {@code handler} work on it, where this is subscribed. Completes when that has ended. */
    Mono<Void> answer(Function<? super Q, ? extends Mono<? extends A>> handler) {
        return Mono.create(done -> {
            if (settled.get()) {
                done.success();
                return;
            }
            EventLoop loop = EventLoop.current();
            workplace = loop;
            Mono<A> answer = Mono.<A>defer(() -> handler.apply(question)).contextWrite(asker.contextView());
            done.onCancel(this::abandon);
            work.update((loop == null ? answer : adopted(loop, answer))
                    .doFinally(end -> done.success())
                    .subscribe(this::succeed, this::fail, () -> succeed(null)));
        });
    }

    private static <A> Mono<A> adopted(EventLoop loop, Mono<A> answer) {
        return loop.adopt(answer)
                .onErrorMap(
                        RejectedExecutionException.class,
                        error -> loop.isDisposed()
                                ? new PortClosedException("the loop " + loop.name(), "the request was not answered")
                                : error);
    }

    private void succeed(@Nullable A value) {
        if (settled.compareAndSet(false, true)) {
            asker.success(value);
        } else if (value != null) {
            Operators.onDiscard(value, Context.of(asker.contextView()));
        }
    }

    /** False if it was answered before. */
    boolean fail(Throwable error) {
        boolean first = settled.compareAndSet(false, true);
        if (first) {
            asker.error(error);
        }
        return first;
    }

    /** Nobody waits any more: ends the work on it, where that is done. */
    void cancel() {
        settled.set(true);
        EventLoop loop = workplace;
        try {
            if (loop != null) {
                loop.netty().execute(work::dispose);
            } else {
                Schedulers.parallel().schedule(work::dispose);
            }
        } catch (RejectedExecutionException ended) {
            work.dispose();
            return;
        }
        if (loop != null && loop.isDisposed()) { // it may not have seen it
            work.dispose();
        }
    }

    /** The handler was taken away. */
    private void abandon() {
        work.dispose();
        fail(new CancellationException("the request was not answered: its handler was disposed"));
    }
}
