// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * Our end of a pipe that a child writes: reads when its one subscriber has asked, so that a full pipe stops the child.
 * The engine says how to read; everything else is here, confined to one loop.
 */
abstract class OutputPipe extends Flux<ByteBuf> {

    private static final AtomicReferenceFieldUpdater<OutputPipe, @Nullable Throwable> FAILURE =
            AtomicReferenceFieldUpdater.newUpdater(OutputPipe.class, Throwable.class, "failure");
    static final int CHUNK_BYTES = 64 << 10;

    private static final AtomicIntegerFieldUpdater<OutputPipe> SUBSCRIBED =
            AtomicIntegerFieldUpdater.newUpdater(OutputPipe.class, "subscribed");

    private static final int READS_PER_TURN = 16;
    private static final int HELD_BYTES = 128 << 10;
    private static final long PATIENCE_MILLIS = 250;

    /** More than any pipe holds: what the process wrote before it ended is below that. */
    private static final int LAST_BYTES = 2 << 20;

    final IoEventLoop loop;
    private final String name;

    @SuppressWarnings("unused") // through SUBSCRIBED
    private volatile int subscribed;

    private volatile @Nullable Throwable failure; // the first reason

    // loop only
    private @Nullable CoreSubscriber<? super ByteBuf> subscriber;
    private Runnable onSubscribed = () -> {};
    private Runnable onEnded = () -> {};
    private long demand;
    private boolean holding;
    private boolean mayDrop;
    private final ArrayDeque<ByteBuf> held = new ArrayDeque<>(0);
    private int heldBytes;
    private boolean dropped;
    private boolean last;
    private int lastBytes;
    private boolean drainsWhenCancelled;
    private boolean draining;
    private boolean paused;
    private long activeNanos;
    private boolean ended;

    OutputPipe(IoEventLoop loop, String name) {
        this.loop = loop;
        this.name = name;
    }

    /** Begins to watch the pipe. Loop only, once. */
    abstract void open();

    /** Returns a chunk that the caller owns, an empty one at the end, or null if nothing is there now. Loop only. */
    abstract @Nullable ByteBuf read() throws IOException;

    /** Whether something is there, if only the end, as far as is known without reading: for counting. Loop only. */
    abstract boolean isFilled();

    /** Whether after null there is certainly nothing on its way. Loop only. */
    abstract boolean isDry();

    /** Returns the time of the process. */
    long nanoTime() {
        return System.nanoTime();
    }

    /** Gives back the descriptor. Loop only, once; or the only thread, before it was opened. */
    abstract void release();

    /** Tells who is interested: when somebody subscribes, and when all has been read or the pipe is closed. */
    final void listen(Runnable onSubscribed, Runnable onEnded) {
        this.onSubscribed = onSubscribed;
        this.onEnded = onEnded;
        activeNanos = nanoTime();
    }

    @Override
    public final void subscribe(CoreSubscriber<? super ByteBuf> actual) {
        if (!SUBSCRIBED.compareAndSet(this, 0, 1)) {
            Operators.error(
                    actual, new IllegalStateException(name + " can be read once only, and has a subscriber already"));
            return;
        }
        actual.onSubscribe(new Demand());
        if (!execute(() -> attach(actual))) {
            actual.onError(closed("its event loop has ended"));
        }
    }

    final Exception closed(String why) {
        return new CancellationException(name + " was closed: " + why);
    }

    private void attach(CoreSubscriber<? super ByteBuf> actual) {
        if (subscriber != null) {
            return; // cancelled meanwhile
        }
        subscriber = actual;
        onSubscribed.run();
        if (dropped) {
            fail(new IllegalStateException(name + " was not read in time: more than " + HELD_BYTES
                    + " bytes came while nobody had subscribed to it, and were dropped"));
        }
        drain();
    }

    /**
     * From now on reads although nobody has subscribed, so that the child is not stopped for long: it waits a moment
     * for a subscriber before anything is lost. Loop only.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // cannot fail
    final void hold() {
        if (!holding) {
            holding = true;
            if (loop.isShuttingDown()) {
                mayDrop = true;
            } else {
                loop.schedule(this::losePatience, PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            }
        }
        drain();
    }

    private void losePatience() {
        mayDrop = true;
        drain();
    }

    /** Returns since when nothing has come although it was wanted: now, while nobody wants any. Loop only. */
    final long silentSinceNanos() {
        boolean wanted = subscriber == null ? holding : demand > 0 && held.isEmpty();
        if (!ended && !wanted) {
            activeNanos = nanoTime();
        }
        return activeNanos;
    }

    /** Reads what is there, then ends although somebody else may hold the pipe. Loop only. */
    final void finish() {
        last = true;
        hold();
    }

    /** Makes its end, whenever that comes, this error; the first one stays. Any thread: a task could come too late. */
    final void failAtEnd(Throwable why) {
        FAILURE.compareAndSet(this, null, why);
    }

    /** Goes on reading when its subscriber cancels, so that a child may still write while it ends. Loop only. */
    final void drainWhenCancelled() {
        drainsWhenCancelled = true;
    }

    /** Ends now. Loop only. */
    final void close(Throwable why) {
        end(why);
        if (subscriber == null) {
            failure = why;
        }
        drain();
    }

    final void drain() {
        if (draining) {
            return;
        }
        draining = true;
        try {
            for (int reads = 0; step(); reads++) {
                if (reads == READS_PER_TURN) {
                    execute(this::drain);
                    break;
                }
            }
        } finally {
            draining = false;
        }
    }

    /** Returns whether another step may be possible. */
    private boolean step() {
        CoreSubscriber<? super ByteBuf> actual = subscriber;
        if (actual == null) {
            return holding && !ended && (mayDrop || heldBytes < HELD_BYTES) && readThen(this::keep);
        }
        if (!held.isEmpty() && !(ended && failure != null)) {
            return demand > 0 && deliver(actual, held.remove());
        }
        if (ended) {
            terminate(actual);
            return false;
        }
        if (demand == 0) {
            pause();
            return false;
        }
        return readThen(chunk -> deliver(actual, chunk));
    }

    private void pause() {
        if (!paused && isFilled()) {
            paused = true;
            ProcessCounters.ALL.paused();
        }
    }

    private boolean readThen(Consumer<ByteBuf> consumer) {
        @Nullable ByteBuf chunk;
        try {
            chunk = read();
        } catch (IOException | RuntimeException e) {
            end(e);
            return true;
        }
        if (chunk == null ? last && isDry() : !chunk.isReadable()) {
            end(null);
            return true;
        }
        if (chunk == null) {
            return false;
        }
        activeNanos = nanoTime();
        ProcessCounters.ALL.read(chunk.readableBytes());
        if (last) {
            lastBytes += chunk.readableBytes();
        }
        consumer.accept(chunk);
        if (lastBytes > LAST_BYTES) {
            end(null); // somebody else goes on writing
        }
        return true;
    }

    private void keep(ByteBuf chunk) {
        try {
            heldBytes += chunk.readableBytes();
            if (dropped || (mayDrop && heldBytes > HELD_BYTES)) {
                dropped = true;
                held.clear();
            } else {
                held.add(Unpooled.wrappedBuffer(ByteBufUtil.getBytes(chunk))); // the collector's, if nobody comes
            }
        } finally {
            chunk.release();
        }
    }

    private boolean deliver(CoreSubscriber<? super ByteBuf> actual, ByteBuf chunk) {
        if (demand != Long.MAX_VALUE) {
            demand--;
        }
        try {
            actual.onNext(chunk);
        } catch (Throwable error) { // of a subscriber that breaks the rules: the loop must survive it
            Exceptions.throwIfJvmFatal(error);
            cancel();
            Operators.onErrorDropped(error, actual.currentContext());
        }
        return true;
    }

    private void terminate(CoreSubscriber<? super ByteBuf> actual) {
        subscriber = Terminated.INSTANCE;
        held.clear();
        if (actual == Terminated.INSTANCE) {
            return;
        }
        if (failure == null) {
            actual.onComplete();
        } else {
            actual.onError(failure);
        }
    }

    private void cancel() {
        subscriber = Terminated.INSTANCE;
        held.clear();
        if (drainsWhenCancelled) {
            demand = Long.MAX_VALUE;
            drain();
        } else {
            end(null);
        }
    }

    /** Ends it by an error, which takes the place of what is still held if it had ended already. */
    private void fail(Exception error) {
        failAtEnd(error);
        end(error);
    }

    private void end(@Nullable Throwable error) {
        if (!ended) {
            ended = true;
            if (error != null) {
                failAtEnd(error);
            }
            release();
            onEnded.run();
        }
    }

    /** Returns false if the loop takes no more tasks: then it has closed everything. */
    final boolean execute(Runnable task) {
        try {
            loop.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private final class Demand implements Subscription {

        @Override
        public void request(long n) {
            if (loop.inEventLoop()) {
                add(n);
            } else {
                execute(() -> add(n));
            }
        }

        private void add(long n) {
            if (n <= 0) {
                fail(new IllegalArgumentException("request must be positive (Reactive Streams 3.9), was " + n));
                drain();
            } else {
                demand = Operators.addCap(demand, n);
                paused = false;
                drain();
            }
        }

        @Override
        public void cancel() {
            if (loop.inEventLoop()) {
                OutputPipe.this.cancel();
            } else {
                execute(OutputPipe.this::cancel);
            }
        }
    }

    /** Stands for a subscriber that gets nothing any more. */
    private enum Terminated implements CoreSubscriber<ByteBuf> {
        INSTANCE;

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.cancel();
        }

        @Override
        public void onNext(ByteBuf chunk) {
            chunk.release();
        }

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onComplete() {}
    }
}
