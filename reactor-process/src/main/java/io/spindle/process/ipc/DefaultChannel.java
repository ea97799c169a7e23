// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.util.concurrent.ScheduledFuture;
import io.spindle.loop.EventLoop;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/**
 * One end of a channel: one or two sockets, what waits to go out, what came in. Everything but the public methods is loop
 * only.
 *
 * <pre>
 *   connecting --READY--> open --disconnect() or END received--> ending --both ENDs--> closed
 *        any state --end of file, dispose(), bad frame--> closed
 * </pre>
 */
final class DefaultChannel implements Channel {

    private static final Logger log = LoggerFactory.getLogger(Channel.class);

    private static final long PATIENCE_SECONDS = 5;
    private static final int MAX_QUEUED_FLUSHES = 64;

    private final IoEventLoop loop;
    private final EpollDomainSocketChannel frames;
    private final Format format;
    private final @Nullable EpollDomainSocketChannel descriptors;
    private final Outbox outbox = new Outbox(this);
    private final Inbox inbox = new Inbox(this);
    private final Calls calls = new Calls(this);
    private final AtomicInteger onTheirWay = new AtomicInteger(); // what other threads send
    private final Sinks.Empty<Void> end = Sinks.empty();
    private final Queue<Frame> unpaired = new ArrayDeque<>(); // the first waits for its descriptor
    private final Queue<FileDescriptor> early = new ArrayDeque<>();
    private final Queue<Frame> held = new ArrayDeque<>(); // what came with READY while nobody is to be disturbed
    private boolean holding;
    private @Nullable Runnable whenReady;
    private @Nullable ScheduledFuture<?> patience;
    private @Nullable ScheduledFuture<?> missing; // the descriptor that was announced
    private int untold; // descriptors taken, of which the peer does not know yet
    private volatile boolean ending;
    private volatile boolean disconnecting; // asked for, maybe off the loop
    private boolean endSent;
    private boolean endWritten;
    private boolean endReceived;
    private boolean descriptorsEnded;
    private boolean framesEnded;
    private volatile boolean closed;

    DefaultChannel(
            IoEventLoop loop,
            Format format,
            EpollDomainSocketChannel frames,
            @Nullable EpollDomainSocketChannel descriptors,
            @Nullable Runnable whenReady) {
        this.loop = loop;
        this.format = format;
        this.frames = frames;
        this.descriptors = descriptors;
        this.whenReady = whenReady;
    }

    /** Takes over its sockets. */
    void install() {
        frames.config().setAutoClose(false); // a peer that reads no more may have sent what is still to be read
        frames.pipeline()
                .addLast(new FlushConsolidationHandler(MAX_QUEUED_FLUSHES, true))
                .addLast(new FrameHandler(this, MAX_FRAME_BYTES));
        if (descriptors != null) {
            descriptors.pipeline().addLast(new DescriptorHandler(this));
        }
    }

    /** On the connecting side: nothing is read until {@link #startReading()}. Loop only. */
    void holdReading() {
        holding = true;
        frames.config().setAutoRead(false);
    }

    /** Nothing is read before somebody holds the channel, who may have handlers to set. Idempotent. */
    void startReading() {
        onLoop(() -> {
            holding = false;
            try {
                for (Frame frame = held.poll(); frame != null; frame = held.poll()) {
                    received(frame);
                }
                frames.config().setAutoRead(unpaired.isEmpty());
            } catch (ChannelProtocolException e) {
                fail(e);
            }
        });
    }

    Format format() {
        return format;
    }

    boolean takesDescriptors() {
        return descriptors != null;
    }

    boolean isWritable() {
        return frames.isWritable();
    }

    /** The peer has read what had piled up. */
    void writable() {
        inbox.drain();
        tellTaken();
    }

    Outbox outbox() {
        return outbox;
    }

    /** Runs on the loop, at once if this is it; forgotten if the loop has ended, for then the channel has too. */
    void onLoop(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
        } else {
            try {
                loop.execute(task);
            } catch (RejectedExecutionException e) {
                log.trace("the loop of the channel has ended", e);
            }
        }
    }

    @Override
    public Mono<Void> send(Object message) {
        Objects.requireNonNull(message, "message");
        return EventLoop.onCurrent(Mono.create(sink -> send(message, null, sink)));
    }

    @Override
    public Mono<Void> send(Object message, FileDescriptor descriptor) {
        Objects.requireNonNull(message, "message");
        Objects.requireNonNull(descriptor, "descriptor");
        return takesDescriptors()
                ? EventLoop.onCurrent(Mono.create(sink -> send(message, descriptor, sink)))
                : Mono.error(new UnsupportedOperationException("this peer takes no descriptors"));
    }

    private void send(Object message, @Nullable FileDescriptor descriptor, MonoSink<Void> sink) {
        Frame frame = Frame.message(format.write(message), descriptor != null);
        if (isSendable(frame, sink)) {
            Outbox.Entry entry = new Outbox.Entry(frame, descriptor, sink);
            sink.onCancel(() -> outbox.withdraw(entry));
            submit(sink, () -> outbox.message(entry));
        }
    }

    @Override
    public Mono<Message> request(String subject, Object message) {
        Frame.checkSubject(subject);
        Objects.requireNonNull(message, "message");
        return EventLoop.onCurrent(Mono.<Message>create(sink -> {
                    byte[] payload = format.write(message);
                    if (isSendable(Frame.request(0, subject, payload), sink)) {
                        submit(sink, () -> calls.ask(subject, payload, sink));
                    }
                }))
                .doOnDiscard(Message.class, Message::discard);
    }

    private static boolean isSendable(Frame frame, MonoSink<?> sink) {
        int length = frame.length();
        if (length > MAX_FRAME_BYTES) {
            sink.error(new IllegalArgumentException(
                    "message must fit in a frame of " + MAX_FRAME_BYTES + " bytes, needs " + length));
        }
        return length <= MAX_FRAME_BYTES;
    }

    /** In the order of the calls: one on the loop does not overtake what another thread has sent before. */
    private void submit(MonoSink<?> sink, Runnable task) {
        Runnable guarded = () -> {
            if (closed || ending) {
                sink.error(new ChannelClosedException("the channel has ended, nothing can be sent"));
            } else {
                task.run();
            }
        };
        if (onTheirWay.get() == 0 && loop.inEventLoop()) {
            guarded.run();
        } else {
            onTheirWay.incrementAndGet();
            try {
                loop.execute(() -> {
                    onTheirWay.decrementAndGet();
                    guarded.run();
                });
            } catch (RejectedExecutionException e) {
                sink.error(new ChannelClosedException("the loop of the channel has ended, nothing can be sent"));
            }
        }
    }

    @Override
    public Flux<Message> receive() {
        return EventLoop.onCurrent(inbox.flux()).doOnDiscard(Message.class, Message::discard);
    }

    @Override
    public void onRequest(String subject, Function<Message, Mono<Reply>> handler) {
        Frame.checkSubject(subject);
        calls.onRequest(subject, Objects.requireNonNull(handler, "handler"));
    }

    @Override
    public Mono<Void> disconnect() {
        return Mono.defer(() -> {
            disconnecting = !closed;
            onLoop(() -> {
                ending = true;
                drained();
            });
            return onDispose();
        });
    }

    @Override
    public void dispose() {
        onLoop(() -> {
            closed(null);
            inbox.discard();
        });
    }

    @Override
    public Mono<Void> onDispose() {
        return EventLoop.onCurrent(end());
    }

    /** The same, on the thread that ends the channel, in the order of subscription. */
    Mono<Void> end() {
        return end.asMono();
    }

    @Override
    public boolean isDisconnected() {
        return ending || disconnecting;
    }

    @Override
    public boolean isDisposed() {
        return closed;
    }

    void received(Frame frame) {
        if (closed) {
            return;
        }
        if (whenReady != null) {
            ready(frame, whenReady);
        } else if (holding) {
            held.add(frame);
        } else if (frame.kind() == Frame.CREDIT) {
            outbox.credit(frame.number());
        } else if (frame.kind() == Frame.TAKEN) {
            outbox.taken(frame.number());
        } else if (frame.withDescriptor() || !unpaired.isEmpty()) {
            unpaired.add(frame);
            pair();
        } else {
            deliver(frame, null);
        }
    }

    private void ready(Frame frame, Runnable callback) {
        if (frame.kind() != Frame.READY) {
            throw new ChannelProtocolException("the peer sent a frame of kind " + frame.kind() + " before READY");
        }
        whenReady = null;
        callback.run();
    }

    /** A descriptor has arrived, normally because the first unpaired frame had asked for it. */
    void descriptor(FileDescriptor descriptor) {
        if (closed) {
            Message.close(descriptor);
            return;
        }
        cancel(missing);
        missing = null;
        early.add(descriptor);
        try {
            pair();
        } catch (ChannelProtocolException e) {
            fail(e);
        }
    }

    private static void cancel(@Nullable ScheduledFuture<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    /** No frame comes any more, but those that wait for a descriptor have come. */
    void framesEnded() {
        framesEnded = true;
        if (unpaired.isEmpty() || loop.isShuttingDown()) {
            closed(null);
        }
    }

    void descriptorsEnded() {
        descriptorsEnded = true;
        if (!unpaired.isEmpty()) {
            fail(descriptorMissing());
        }
    }

    /** Delivers in order; while a descriptor is missing no further frames are read, so little can gather. */
    private void pair() {
        for (Frame frame = unpaired.peek(); frame != null && !closed; frame = unpaired.peek()) {
            FileDescriptor descriptor = null;
            if (frame.withDescriptor()) {
                descriptor = early.poll();
                if (descriptor == null) {
                    awaitDescriptor();
                    return;
                }
                untold++;
                tellTaken();
            }
            unpaired.remove();
            deliver(frame, descriptor);
        }
        frames.config().setAutoRead(true);
        if (framesEnded) {
            closed(null);
        }
    }

    private void tellTaken() {
        if (untold > 0 && isWritable()) {
            write(Frame.counted(Frame.TAKEN, untold), null);
            untold = 0;
        }
    }

    private void awaitDescriptor() {
        if (descriptors == null || descriptorsEnded) {
            throw descriptorMissing();
        }
        frames.config().setAutoRead(false);
        descriptors.read();
        if (missing == null) {
            missing = loop.schedule(() -> fail(descriptorMissing()), PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static ChannelProtocolException descriptorMissing() {
        return new ChannelProtocolException("the peer announced a descriptor and did not send it");
    }

    private void deliver(Frame frame, @Nullable FileDescriptor descriptor) {
        if (endReceived
                && frame.kind() != Frame.REPLY
                && frame.kind() != Frame.FAILURE
                && frame.kind() != Frame.CANCEL) {
            if (descriptor != null) {
                Message.close(descriptor);
            }
            throw new ChannelProtocolException("the peer sent a frame of kind " + frame.kind() + " after its END");
        }
        switch (frame.kind()) {
            case Frame.MESSAGE -> inbox.message(message("", frame, descriptor));
            case Frame.REQUEST -> calls.requested(frame.number(), message(frame.subject(), frame, descriptor));
            case Frame.REPLY, Frame.FAILURE -> calls.replied(frame, message("", frame, descriptor));
            case Frame.CANCEL -> calls.cancelled(frame.number());
            case Frame.END -> endReceived();
            default -> throw new ChannelProtocolException("frame of kind " + frame.kind() + " out of turn");
        }
    }

    private Message message(String subject, Frame frame, @Nullable FileDescriptor descriptor) {
        return new Message(subject, frame.payload(), format, descriptor);
    }

    private void endReceived() {
        endReceived = true;
        ending = true;
        inbox.end(null);
        outbox.drain();
        outbox.failMessages(new ChannelClosedException("the peer has disconnected"));
        drained();
    }

    boolean hasSaidEnd() {
        return endSent;
    }

    /** Called when the outbox has written what it can. */
    void drained() {
        if (closed || !ending || !outbox.isEmpty()) {
            return;
        }
        if (!endSent) {
            endSent = true;
            patience = loop.schedule(() -> closed(null), PATIENCE_SECONDS, TimeUnit.SECONDS);
            frames.writeAndFlush(Frame.bare(Frame.END).write(frames.alloc())).addListener(written -> {
                endWritten = true;
                endIfBothSaidSo();
            });
        } else {
            endIfBothSaidSo();
        }
    }

    private void endIfBothSaidSo() {
        if (endReceived && endWritten) {
            closed(null);
        }
    }

    void write(Frame frame, Outbox.@Nullable Entry entry) {
        if (closed) {
            return;
        }
        frames.writeAndFlush(frame.write(frames.alloc())).addListener((ChannelFutureListener) written -> {
            if (entry == null) {
                return;
            }
            if (written.isSuccess()) {
                entry.done();
            } else {
                entry.failed(new ChannelClosedException("the channel ended before this was written"));
            }
        });
    }

    void writeDescriptor(FileDescriptor descriptor) {
        assert descriptors != null : "else nobody could have given one";
        descriptors.writeAndFlush(descriptor).addListener((ChannelFutureListener) written -> {
            if (!written.isSuccess()) {
                closed(null);
            }
        });
    }

    void fail(ChannelProtocolException error) {
        log.debug("channel closed: {}", error.getMessage());
        closed(error);
    }

    /** The one end of every channel. */
    @SuppressWarnings("FutureReturnValueIgnored") // closing has no outcome that anybody could act on
    void closed(@Nullable RuntimeException error) {
        if (closed) {
            return;
        }
        closed = true;
        cancel(patience);
        cancel(missing);
        ChannelClosedException late = new ChannelClosedException("the channel has ended");
        inbox.end(error);
        outbox.failAll(late);
        calls.failAll(late);
        early.forEach(Message::close);
        early.clear();
        unpaired.clear();
        frames.close();
        if (descriptors != null) {
            DescriptorHandler.close(descriptors, loop);
        }
        if (loop.isShuttingDown()) {
            inbox.discard(); // without its loop nobody can take anything
        }
        if (error != null) {
            end.tryEmitError(error);
        } else {
            end.tryEmitEmpty();
        }
    }
}
