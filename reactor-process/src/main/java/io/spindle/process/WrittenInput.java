// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.channel.IoEventLoop;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/**
 * Makes one publisher, for the pipe, of many writes. Behind each write comes an empty buffer: when the pipe has come to
 * that, all before it is written. Everything but the public methods is confined to the loop of the pipe.
 */
final class WrittenInput extends Flux<ByteBuf> implements ChildInput {

    private final InOrder order;
    private final Sinks.Many<Flux<ByteBuf>> turns =
            Sinks.unsafe().many().unicast().onBackpressureBuffer();
    private final Set<MonoSink<Void>> waiting = new LinkedHashSet<>();
    private final List<MonoSink<Void>> ends = new ArrayList<>();
    private boolean ending;
    private boolean closed;

    WrittenInput(IoEventLoop loop) {
        this.order = new InOrder(loop);
    }

    /** For the pipe, which cancels when nothing can be written any more. */
    @Override
    public void subscribe(CoreSubscriber<? super ByteBuf> actual) {
        turns.asFlux()
                .concatMap(turn -> turn, 1)
                .doOnCancel(() -> order.run(this::close, () -> {}))
                .subscribe(actual);
    }

    private void close() {
        closed = true;
        List<MonoSink<Void>> lost = List.copyOf(waiting);
        waiting.clear();
        lost.forEach(sink -> sink.error(new InputClosedException("the child reads its input no more")));
        ends.forEach(MonoSink::success);
    }

    @Override
    public Mono<Void> write(Publisher<? extends ByteBuf> publisher) {
        Objects.requireNonNull(publisher, "publisher");
        return Homecoming.bring(Mono.create(sink -> {
            Turn turn = new Turn(sink);
            sink.onCancel(turn);
            order.run(() -> add(publisher, turn), () -> sink.error(ended()));
        }));
    }

    private static InputClosedException ended() {
        return new InputClosedException("the input of the child has ended, nothing can be written");
    }

    private void add(Publisher<? extends ByteBuf> publisher, Turn turn) {
        MonoSink<Void> sink = turn.sink;
        if (closed || ending) {
            sink.error(ended());
            return;
        }
        waiting.add(sink);
        sink.onDispose(() -> order.run(() -> waiting.remove(sink), () -> {}));
        Flux<ByteBuf> chunks = Flux.defer(() -> turn.cancelled || !waiting.contains(sink)
                        ? Flux.<ByteBuf>empty()
                        : Flux.<ByteBuf>from(publisher).takeUntilOther(turn.end.asMono()))
                .onErrorResume(error -> {
                    sink.error(error);
                    return Flux.empty();
                });
        turns.tryEmitNext(chunks.concatWith(mark(sink::success)));
    }

    @Override
    public Mono<Void> end() {
        return Homecoming.bring(Mono.create(sink -> order.run(() -> end(sink), sink::success)));
    }

    private void end(MonoSink<Void> sink) {
        if (closed) {
            sink.success();
            return;
        }
        ends.add(sink);
        if (!ending) {
            ending = true;
            turns.tryEmitNext(mark(() -> {
                        turns.tryEmitComplete();
                        close();
                    })
                    .flux());
        }
    }

    private static Mono<ByteBuf> mark(Runnable whenReached) {
        return Mono.fromSupplier(() -> new Mark(whenReached));
    }

    /** One write that may be cancelled: at once if it still waits, else on the loop. */
    private final class Turn implements Disposable {

        private final MonoSink<Void> sink;
        private final Sinks.Empty<Void> end = Sinks.empty();
        private volatile boolean cancelled;

        Turn(MonoSink<Void> sink) {
            this.sink = sink;
        }

        @Override
        public void dispose() {
            cancelled = true;
            order.run(end::tryEmitEmpty, () -> {});
        }
    }

    /** An empty buffer that tells when it is released: the pipe does so when it has written what came before. */
    private static final class Mark extends UnpooledHeapByteBuf {

        private final Runnable whenReached;

        Mark(Runnable whenReached) {
            super(UnpooledByteBufAllocator.DEFAULT, 0, 0);
            this.whenReached = whenReached;
        }

        @Override
        protected void deallocate() {
            super.deallocate();
            whenReached.run();
        }
    }
}
