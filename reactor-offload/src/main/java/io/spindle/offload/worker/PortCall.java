// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * A request on its way: what is asked, who waits for the answer, and the work on it, which a cancel reaches. The question
 * is taken once, by the handler or to be released; so is the answer, by the asker or to be released.
 */
final class PortCall<Q, A> {

    private static final Object ENDED = new Object();

    private final AtomicReference<@Nullable Q> question;
    private final ContextView context;
    private final @Nullable EventLoop asker;
    private final Sinks.One<A> answerSink = Sinks.unsafe().one(); // emits once: who sets the outcome does it
    private final AtomicReference<@Nullable Object> outcome = new AtomicReference<>(); // an answer until it is taken
    private final Disposable.Swap sending = Disposables.swap();
    private final Disposable.Swap work = Disposables.swap();
    private volatile @Nullable EventLoop workplace;

    PortCall(Q question, ContextView context, @Nullable EventLoop asker) {
        this.question = new AtomicReference<>(question);
        this.context = context;
        this.asker = asker;
    }

    /** The loop that the answer goes to, if it is one. */
    @Nullable
    EventLoop asker() {
        return asker;
    }

    /** Sends it. The answer comes on any thread. */
    Mono<A> sendTo(PortQueue<PortCall<Q, A>> queue) {
        sending.update(queue.send(this).subscribe(none -> {}, this::fail));
        return answerSink.asMono();
    }

    /** Lets {@code handler} work on it, where this is subscribed. Completes when that has ended. */
    Mono<Void> answer(Function<? super Q, ? extends Mono<? extends A>> handler) {
        return Mono.create(done -> {
            if (outcome.get() != null) {
                done.success();
                return;
            }
            EventLoop loop = EventLoop.current();
            workplace = loop;
            Mono<Void> answer = Mono.<A>defer(() -> handled(handler))
                    .<Void>handle((value, none) -> succeed(value)) // before any operator could drop it at a cancel
                    .doOnSuccess(none -> succeed(null))
                    .doOnError(this::fail)
                    .contextWrite(context);
            done.onCancel(this::abandon);
            work.update((loop == null ? answer : adopted(loop, answer))
                    .doFinally(end -> done.success())
                    .subscribe(none -> {}, this::fail));
        });
    }

    /** Lets {@code handler} handle it, where and when this is subscribed: a cancel comes before or after. */
    Mono<Void> handle(Consumer<? super Q> handler) {
        return Mono.<Void>defer(() -> {
                    Q taken = question.getAndSet(null);
                    if (taken != null) {
                        try {
                            handler.accept(taken);
                            succeed(null);
                        } catch (Throwable error) {
                            Exceptions.throwIfFatal(error);
                            fail(error);
                        }
                    }
                    return Mono.empty();
                })
                .contextWrite(context);
    }

    private Mono<? extends A> handled(Function<? super Q, ? extends Mono<? extends A>> handler) {
        Q taken = question.getAndSet(null);
        return taken == null ? Mono.empty() : handler.apply(taken);
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
        if (!outcome.compareAndSet(null, value == null ? ENDED : value)) {
            if (value != null) {
                Owned.release(value, Context.of(context));
            }
        } else if (value == null) {
            answerSink.tryEmitEmpty();
        } else {
            answerSink.tryEmitValue(value);
        }
    }

    /** Where the asker lives: false if nobody waits any more. */
    boolean deliver(A answer) {
        return outcome.compareAndSet(answer, ENDED);
    }

    /** False if it was answered before. */
    boolean fail(Throwable error) {
        if (!outcome.compareAndSet(null, ENDED)) {
            return false;
        }
        answerSink.tryEmitError(error);
        releaseQuestion();
        return true;
    }

    /** Fails it unless a handler has taken it: then that says what comes of it. */
    void failUntaken(Throwable error) {
        Q left = question.getAndSet(null);
        if (left != null) {
            fail(error);
            sending.dispose();
            Owned.release(left, Context.empty());
        }
    }

    private void releaseQuestion() {
        Q left = question.getAndSet(null);
        if (left != null) {
            Owned.release(left, Context.empty());
        }
    }

    /** Whether it has an outcome, or nobody waits for one. */
    boolean isOver() {
        return outcome.get() != null;
    }

    /** Nobody waits any more: takes it back, or ends the work on it, or releases the answer that was on its way. */
    void end() {
        sending.dispose();
        Object before = outcome.getAndSet(ENDED);
        if (before == null) {
            releaseQuestion();
            cancelWork();
        } else if (before instanceof Owned<?> answer) {
            answer.dispose();
        }
    }

    /** Ends the work, where it is done. */
    void cancelWork() {
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
        if (loop != null && loop.netty().isShuttingDown()) { // it may not have seen it
            work.dispose();
        }
    }

    /** The handler was taken away. */
    private void abandon() {
        work.dispose();
        fail(handlerDisposed());
    }

    static CancellationException handlerDisposed() {
        return new CancellationException("the request was not answered: its handler was disposed");
    }
}
