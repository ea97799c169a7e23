// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * One direction of requests: those that wait for the handler stand in a queue of their own, those that wait for their
 * answer are known, so that an end of the port fails them.
 */
final class PortCalls<Q, A> {

    private final String name;
    private final PortQueue<PortCall<Q, A>> queue;
    private final boolean waitsForHandler;
    private final @Nullable MessageCodec<Q> questions;
    private final @Nullable MessageCodec<A> answers;
    private final Set<PortCall<Q, A>> open = ConcurrentHashMap.newKeySet();
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

    /** Requests fail while there is no handler, which does not hold its loop. */
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
            PortCall<Q, A> call = new PortCall<>(sent, context);
            Mono<A> answer = Mono.defer(() -> start(call));
            EventLoop loop = EventLoop.current();
            return (loop == null ? answer.publishOn(Schedulers.parallel()) : loop.adopt(answer))
                    .filter(call::deliver)
                    .doFinally(end -> {
                        open.remove(call);
                        call.end();
                    });
        });
    }

    private Mono<A> start(PortCall<Q, A> call) {
        open.add(call);
        Mono<A> answer = call.sendTo(queue);
        // who closes or takes the handler away does so, then looks for those that are open or wait
        if (closed || (!waitsForHandler && !queue.hasReceiver())) {
            fail(call);
        }
        return answer;
    }

    Disposable handle(Function<? super Q, ? extends Mono<? extends A>> handler) {
        Objects.requireNonNull(handler, "handler");
        if (queue.hasReceiver()) {
            throw new IllegalStateException(name + " has a request handler already, it takes one");
        }
        Disposable handling = queue.flatMap(call -> call.answer(copying(handler)))
                .doFinally(end -> handlerGone())
                .subscribe();
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
            fail(waiting);
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
        if (call.fail(new PortClosedException(name, "the request was not answered"))) {
            call.cancelWork();
        }
    }
}
