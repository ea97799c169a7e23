// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Operators;

/**
 * The peer's messages on their way to one subscriber at a time. Its demand is granted to the peer as credit, so the
 * queue holds only what an earlier subscriber had asked for and did not take. Loop only, but for {@link #flux()}.
 */
final class Inbox {

    private static final int MAX_GRANT = Integer.MAX_VALUE;

    /** One subscription. Loop only. */
    private static final class Reader {
        private final FluxSink<Message> sink;
        private boolean left;

        Reader(FluxSink<Message> sink) {
            this.sink = sink;
        }
    }

    private final DefaultChannel channel;
    private final Queue<Message> queue = new ArrayDeque<>();
    private @Nullable Reader subscriber;
    private long requested;
    private long granted;
    private boolean ended;
    private @Nullable Throwable error;

    Inbox(DefaultChannel channel) {
        this.channel = channel;
    }

    Flux<Message> flux() {
        return Flux.create(
                sink -> {
                    Reader reader = new Reader(sink);
                    sink.onRequest(n -> channel.onLoop(() -> request(reader, n)));
                    sink.onDispose(() -> channel.onLoop(() -> leave(reader)));
                    channel.onLoop(() -> request(reader, 0)); // the end of the channel needs no demand
                },
                FluxSink.OverflowStrategy.IGNORE); // nothing is emitted without demand
    }

    @SuppressWarnings("ReferenceEquality") // is it this very subscription?
    private void request(Reader reader, long count) {
        if (reader.left) {
            return;
        }
        if (subscriber == null) {
            subscriber = reader;
        } else if (subscriber != reader) {
            reader.sink.error(
                    new IllegalStateException("receive() has a subscriber, and a channel serves one at a time"));
            return;
        }
        requested = Operators.addCap(requested, count);
        drain();
    }

    @SuppressWarnings("ReferenceEquality") // is it this very subscription?
    private void leave(Reader reader) {
        reader.left = true;
        if (subscriber == reader) {
            subscriber = null;
            requested = 0;
        }
    }

    void message(Message message) {
        if (granted == 0) {
            message.discard();
            throw new ChannelProtocolException("the peer has sent a message without credit");
        }
        granted--;
        queue.add(message);
        drain();
    }

    /** No further message comes. */
    void end(@Nullable Throwable cause) {
        if (!ended) {
            ended = true;
            error = cause;
            drain();
        }
    }

    /** Drops what nobody is to get any more. */
    void discard() {
        for (Message message = queue.poll(); message != null; message = queue.poll()) {
            message.discard();
        }
        drain();
    }

    void drain() {
        Reader reader = subscriber;
        while (reader != null && requested > 0 && !queue.isEmpty()) {
            if (requested != Long.MAX_VALUE) {
                requested--;
            }
            reader.sink.next(queue.remove());
            reader = subscriber; // it may have cancelled, and another may have come
        }
        if (ended) {
            if (reader != null && queue.isEmpty()) {
                finish(reader.sink);
            }
        } else if (reader != null) {
            grant();
        }
    }

    private void finish(FluxSink<Message> sink) {
        if (error != null) {
            sink.error(error);
        } else {
            sink.complete();
        }
    }

    /** Unbounded demand is granted in big pieces, renewed at half. */
    private void grant() {
        long wanted = Math.min(requested, MAX_GRANT) - granted;
        if (!channel.isWritable()) {
            return; // a peer that does not read gets no more, and we are called when it has read
        }
        if (wanted > 0 && (granted == 0 || requested < MAX_GRANT || wanted > MAX_GRANT / 2)) {
            granted += wanted;
            channel.write(Frame.counted(Frame.CREDIT, (int) wanted), null);
        }
    }
}
