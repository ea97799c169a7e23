// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/**
 * One direction of requests: those that wait for the handler stand in a queue of their own, those that wait for their
 * answer are known, so that an end of the port fails them.
 */
final class PortCalls<Q, A> {

    /** Stands for no refusal: what fails later is no answer to who adds a handler. */
    private static final Object NONE = new Object();

    private final String name;
    private final PortQueue<PortCall<Q, A>> queue;
    private final boolean waitsForHandler;
    private final @Nullable MessageCodec<Q> questions;
    private final @Nullable MessageCodec<A> answers;
    private final Set<PortCall<Q, A>> open = ConcurrentHashMap.newKeySet();
    private final AskingLoops askers = new AskingLoops(this::askerGone);
    private volatile boolean closed;

    PortCalls(
            String name,
            PortQueue<PortCall<Q, A>> queue,
            @Nullable MessageCodec<Q> questions,
            @Nullable MessageCodec<A> answers) {
        this(name, queue, /* waitsForHandler= */ true, questions, answers);
    }

    private PortCalls(
            String name,
            PortQueue<PortCall<Q, A>> queue,
            boolean waitsForHandler,
            @Nullable MessageCodec<Q> questions,
            @Nullable MessageCodec<A> answers) {
        this.name = name;
        this.queue = queue;
        this.waitsForHandler = waitsForHandler;
        this.questions = questions;
        this.answers = answers;
    }

    /** Requests fail while there is no handler, which does not hold its loop: see {@link #handleAtOnce}. */
    static <Q, A> PortCalls<Q, A> handledAtOnce(String name, int capacity) {
        return new PortCalls<>(name, PortQueue.keeping(name, capacity, null), false, null, null);
    }

    PortQueue<PortCall<Q, A>> queue() {
        return queue;
    }

    Mono<A> request(Q question) {
        Objects.requireNonNull(question, "message");
        return Mono.deferContextual(context -> {
            Q sent = questions == null ? question : questions.copy(question);
            EventLoop loop = EventLoop.current();
            PortCall<Q, A> call = new PortCall<>(sent, context, loop);
            Mono<A> answer = Mono.defer(() -> start(call));
            return (loop == null ? answer.publishOn(Schedulers.parallel()) : loop.adopt(answer))
                    .filter(call::deliver)
                    .doFinally(end -> over(call));
        });
    }

    private void over(PortCall<Q, A> call) {
        call.end(); // first: who starts it adds it, then looks whether it is over
        EventLoop loop = call.asker();
        if (open.remove(call) && loop != null) {
            askers.remove(loop);
        }
    }

    /** The loop has ended: whatever was on its way there, nobody is left to take it. */
    private void askerGone(EventLoop loop) {
        open.stream().filter(call -> loop.equals(call.asker())).forEach(this::over);
    }

    private Mono<A> start(PortCall<Q, A> call) {
        EventLoop loop = call.asker();
        if (loop != null) {
            askers.add(loop);
        }
        open.add(call);
        if (call.isOver()) { // cancelled meanwhile, before or after it was added
            over(call);
            return Mono.empty();
        }
        Mono<A> answer = call.sendTo(queue);
        // who closes or takes the handler away does so, then looks for those that are open or wait
        if (closed) {
            fail(call);
        } else if (!waitsForHandler && !queue.hasReceiver()) {
            call.failUntaken(unanswered());
            queue.withdraw(call);
        }
        return answer;
    }

    Disposable handle(Function<? super Q, ? extends Mono<? extends A>> handler) {
        Function<? super Q, ? extends Mono<? extends A>> copying = copying(Objects.requireNonNull(handler, "handler"));
        return serve(call -> call.answer(copying));
    }

    /** Handles requests whose answer is that the handler has returned. */
    Disposable handleAtOnce(Consumer<? super Q> handler) {
        Objects.requireNonNull(handler, "handler");
        return serve(call -> call.handle(handler));
    }

    private Disposable serve(Function<PortCall<Q, A>, Mono<Void>> work) {
        if (queue.hasReceiver()) {
            throw new IllegalStateException(name + " has a request handler already, it takes one");
        }
        Disposable.Swap receiver = Disposables.swap();
        AtomicReference<@Nullable Object> refusal = new AtomicReference<>();
        Disposable handler = queue.doOnSubscribe(subscription -> receiver.update(subscription::cancel))
                .flatMap(work)
                .doOnDiscard(PortCall.class, call -> call.failUntaken(lostHandler())) // on its way at that moment
                .doFinally(end -> {
                    if (!(refusal.get() instanceof Throwable)) {
                        handlerGone();
                    }
                })
                .subscribe(none -> {}, error -> {
                    if (!refusal.compareAndSet(null, error)) {
                        Operators.onErrorDropped(error, Context.empty());
                    }
                });
        refusal.compareAndSet(null, NONE);
        if (refusal.get() instanceof Throwable refused) { // somebody was faster, or the loop has ended
            throw Exceptions.propagate(refused);
        }
        Disposable handling = new Handling(receiver, handler);
        EventLoop loop = EventLoop.current();
        if (loop != null && !queue.isAttached()) { // a worker's end closes its port itself
            Disposable watch = loop.onDispose().subscribe(none -> {}, error -> {}, handling::dispose);
            return Disposables.composite(handling, watch);
        }
        return handling;
    }

    private void handlerGone() {
        PortCall<Q, A> waiting;
        while (!waitsForHandler && (waiting = queue.poll()) != null) {
            waiting.failUntaken(unanswered());
        }
    }

    private Function<? super Q, ? extends Mono<? extends A>> copying(
            Function<? super Q, ? extends Mono<? extends A>> handler) {
        return answers == null ? handler : question -> handler.apply(question).map(answers::copy);
    }

    /** Takes no more requests. Those that were not answered so far fail, and the work on them is cancelled. */
    void close() {
        closed = true;
        queue.close();
        open.forEach(this::fail);
    }

    private void fail(PortCall<Q, A> call) {
        if (call.fail(unanswered())) {
            call.cancelWork();
        }
    }

    /** Of a request that was on its way to a handler that was taken away. */
    private RuntimeException lostHandler() {
        return waitsForHandler ? PortCall.handlerDisposed() : unanswered();
    }

    private PortClosedException unanswered() {
        return new PortClosedException(name, "the request was not answered");
    }

    /** What takes a handler away: from the queue first, for {@code flatMap} may do so later, on another thread. */
    private record Handling(Disposable receiver, Disposable handler) implements Disposable {

        @Override
        public void dispose() {
            receiver.dispose();
            handler.dispose();
        }

        @Override
        public boolean isDisposed() {
            return handler.isDisposed();
        }
    }
}
