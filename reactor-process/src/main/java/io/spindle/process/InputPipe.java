// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Our end of a pipe that a child reads: asks its publisher for as much as the pipe takes. The engine says how to
 * write; everything else is here, confined to one loop.
 */
abstract class InputPipe {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);
    private static final int PREFETCH = 16;

    /** Then others on the loop have their turn: a quick source and a quick child would never let go of it. */
    private static final int WRITES_PER_TURN = 64;

    final IoEventLoop loop;
    private final Publisher<? extends ByteBuf> publisher;

    // loop only
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>(PREFETCH);
    private @Nullable Subscription upstream;
    private int taken;
    private boolean completed;
    private boolean closed;
    private volatile boolean cut; // read by others after the end of the process
    private int writes; // in this turn, whoever calls
    private boolean resting;

    InputPipe(IoEventLoop loop, Publisher<? extends ByteBuf> publisher) {
        this.loop = loop;
        this.publisher = publisher;
    }

    /** Begins to watch the pipe; then {@link #drain()} is called when it may take more. Loop only, once. */
    abstract void open();

    /**
     * Writes some of it, if the pipe takes any; returns whether nothing is left. If it wrote nothing, {@link #drain()}
     * is called when it may. Does not block. Loop only.
     */
    abstract boolean write(ByteBuf buffer) throws IOException;

    /** Gives back the descriptor, which is the end of the child's input. Loop only, once; or before it was opened. */
    abstract void release();

    /** Opens the pipe and subscribes to the publisher. Loop only. */
    final void start(Context context, Consumer<Throwable> onFeederError) {
        open();
        Subscriber<ByteBuf> feeder = new Feeder(context, onFeederError);
        Flux.<ByteBuf>from(publisher).subscribe(feeder); // as a plain subscriber, for then one that throws signals it
    }

    /** Ends the child's input and cancels the publisher. Loop only, idempotent. */
    final void close() {
        if (closed) {
            return;
        }
        closed = true;
        cut = !completed || !queue.isEmpty();
        if (upstream != null) {
            upstream.cancel();
        }
        queue.forEach(ByteBuf::release);
        queue.clear();
        release();
    }

    final Publisher<? extends ByteBuf> publisher() {
        return publisher;
    }

    /** Whether it was closed before the child had been given the end of its input. */
    final boolean isCut() {
        return cut;
    }

    final boolean isClosed() {
        return closed;
    }

    /** Goes on writing in a new turn of the loop. Loop only. */
    final void drain() {
        writes = 0;
        writeOn();
    }

    private void writeOn() {
        try {
            while (!closed && !resting && !queue.isEmpty()) {
                if (++writes > WRITES_PER_TURN) {
                    rest();
                } else if (!writeFirst()) {
                    return;
                }
            }
        } catch (IOException e) {
            log.debug("the child reads its input no more", e);
            close();
        }
        if (completed && queue.isEmpty()) {
            close();
        }
    }

    /** Returns whether more may be written now. */
    private boolean writeFirst() throws IOException {
        ByteBuf buffer = Objects.requireNonNull(queue.peek());
        int before = buffer.readableBytes();
        boolean all = write(buffer);
        int written = before - buffer.readableBytes();
        ProcessCounters.ALL.written(written);
        if (all) {
            queue.remove().release();
            replenish();
        }
        return all || written > 0;
    }

    private void rest() {
        resting = true;
        try {
            loop.execute(() -> {
                resting = false;
                drain();
            });
        } catch (RejectedExecutionException e) {
            log.trace("the event loop has ended", e);
        }
    }

    private void replenish() {
        if (++taken == PREFETCH / 2 && upstream != null) {
            taken = 0;
            upstream.request(PREFETCH / 2);
        }
    }

    /** Brings the publisher's signals to the loop, in their order from whichever threads they come. */
    private final class Feeder implements CoreSubscriber<ByteBuf> {

        private final Context context;
        private final Consumer<Throwable> onError;
        private final InOrder order = new InOrder(loop);

        Feeder(Context context, Consumer<Throwable> onError) {
            this.context = context;
            this.onError = onError;
        }

        @Override
        public Context currentContext() {
            return context;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            order.run(() -> started(subscription), subscription::cancel);
        }

        private void started(Subscription subscription) {
            if (closed || !Operators.validate(upstream, subscription)) {
                subscription.cancel();
                return;
            }
            upstream = subscription;
            subscription.request(PREFETCH);
        }

        @Override
        public void onNext(ByteBuf buffer) {
            order.run(() -> take(buffer), buffer::release);
        }

        private void take(ByteBuf buffer) {
            if (closed) {
                buffer.release();
            } else {
                queue.add(buffer);
                writeOn();
            }
        }

        @Override
        public void onError(Throwable error) {
            Objects.requireNonNull(error, "error");
            order.run(
                    () -> {
                        if (closed) {
                            Operators.onErrorDropped(error, context);
                        } else {
                            upstream = null;
                            close();
                            onError.accept(error);
                        }
                    },
                    () -> Operators.onErrorDropped(error, context));
        }

        @Override
        public void onComplete() {
            order.run(
                    () -> {
                        completed = true;
                        upstream = null;
                        writeOn();
                    },
                    () -> {});
        }
    }
}
