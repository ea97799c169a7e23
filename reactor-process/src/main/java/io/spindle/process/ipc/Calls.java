// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.unix.FileDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Requests and replies, both ways. Each request gets one answer, also if it was cancelled, and at most
 * {@link #MAX_OPEN} of one end are without: that bounds what a peer can make us hold, even if it never reads. Loop only,
 * but for {@link #onRequest}.
 */
final class Calls {

    /** So many requests may be on their way, for each of the two ends. */
    static final int MAX_OPEN = 1024;

    private static final int MAX_REASON_CHARS = 1000;

    /** One of ours. */
    private static final class Question {
        private final String subject;
        private final byte[] payload;
        private final MonoSink<Message> sink;
        private int id;
        private boolean cancelled;

        Question(String subject, byte[] payload, MonoSink<Message> sink) {
            this.subject = subject;
            this.payload = payload;
            this.sink = sink;
        }
    }

    /** Our answer to one of the peer's, which counts until it is written. */
    private final class Answer extends Outbox.Entry {

        private final int id;

        Answer(Frame frame, @Nullable FileDescriptor descriptor) {
            super(frame, descriptor, null);
            id = frame.number();
        }

        @Override
        void done() {
            unanswered--;
        }

        @Override
        void rejected(IllegalArgumentException error) {
            channel.outbox().call(failure(id, reason(error)));
        }
    }

    private final DefaultChannel channel;
    private final Map<Integer, Question> asked = new HashMap<>();
    private final Queue<Question> waiting = new ArrayDeque<>();
    private final Map<String, Function<Message, Mono<Reply>>> handlers = new ConcurrentHashMap<>();
    private final Map<Integer, Disposable.Swap> running = new HashMap<>();
    private int unanswered;
    private int lastId;

    Calls(DefaultChannel channel) {
        this.channel = channel;
    }

    void onRequest(String subject, Function<Message, Mono<Reply>> handler) {
        handlers.put(subject, handler);
    }

    void ask(String subject, byte[] payload, MonoSink<Message> sink) {
        Question question = new Question(subject, payload, sink);
        waiting.add(question);
        sink.onCancel(() -> channel.onLoop(() -> cancel(question)));
        send();
    }

    private void send() {
        while (asked.size() < MAX_OPEN && !waiting.isEmpty() && !channel.hasSaidEnd()) {
            Question next = waiting.remove();
            do {
                lastId++;
            } while (asked.containsKey(lastId));
            next.id = lastId;
            asked.put(next.id, next);
            channel.outbox().call(new Outbox.Entry(Frame.request(next.id, next.subject, next.payload), null, null));
        }
    }

    @SuppressWarnings("ReferenceEquality") // is it this very question, or another with its number?
    private void cancel(Question question) {
        if (!waiting.remove(question) && asked.get(question.id) == question && !question.cancelled) {
            question.cancelled = true;
            channel.outbox().call(new Outbox.Entry(Frame.cancel(question.id), null, null));
        }
    }

    void replied(Frame frame, Message message) {
        Question question = asked.remove(frame.number());
        if (question == null) {
            message.discard();
            throw new ChannelProtocolException("the peer answered request " + frame.number() + ", which nobody asked");
        }
        if (question.cancelled) {
            message.discard();
        } else if (frame.kind() == Frame.FAILURE) {
            question.sink.error(new RequestFailedException(question.subject, text(frame.payload())));
        } else if (message.length() == 0) {
            message.discard();
            question.sink.success();
        } else {
            question.sink.success(message);
        }
        send();
    }

    void requested(int id, Message message) {
        if (unanswered >= MAX_OPEN) {
            message.discard();
            throw new ChannelProtocolException("the peer has more than " + MAX_OPEN + " requests without an answer");
        }
        if (running.containsKey(id)) {
            message.discard();
            throw new ChannelProtocolException("the peer used the number " + id + " for two requests at once");
        }
        unanswered++;
        Disposable.Swap slot = Disposables.swap();
        running.put(id, slot);
        Function<Message, Mono<Reply>> handler = handlers.get(message.subject());
        if (handler == null) {
            message.discard();
            answer(id, failure(id, "no handler for " + message.subject()));
        } else {
            try {
                slot.update(ask(handler, id, message).subscribe(answer -> channel.onLoop(() -> answer(id, answer))));
            } catch (VirtualMachineError | LinkageError e) { // which Reactor throws past every subscriber
                answer(id, failure(id, reason(e)));
            }
        }
    }

    private Mono<Answer> ask(Function<Message, Mono<Reply>> handler, int id, Message message) {
        return Mono.defer(() -> handler.apply(message))
                .map(reply -> answer(id, reply))
                .defaultIfEmpty(new Answer(Frame.reply(id, Frame.NOTHING, false), null))
                .onErrorResume(error -> Mono.just(failure(id, reason(error))));
    }

    /** The peer does not want the answer any more: the work on it is cancelled, and that is the answer. */
    void cancelled(int id) {
        Disposable work = running.get(id);
        if (work != null) { // else its answer is on the way
            work.dispose();
            answer(id, failure(id, "it was cancelled"));
        }
    }

    private Answer answer(int id, Reply reply) {
        try {
            return written(id, reply);
        } catch (VirtualMachineError | LinkageError e) { // on the thread of the handler, which would throw it on
            return failure(id, reason(e));
        }
    }

    private Answer written(int id, Reply reply) {
        FileDescriptor descriptor = reply.descriptor();
        if (descriptor != null && !channel.takesDescriptors()) {
            throw new IllegalArgumentException("this peer takes no descriptors");
        }
        Frame frame = Frame.reply(id, reply.payload(channel.format()), descriptor != null);
        if (frame.length() > Channel.MAX_FRAME_BYTES) {
            throw new IllegalArgumentException(
                    "reply must fit in a frame of " + Channel.MAX_FRAME_BYTES + " bytes, needs " + frame.length());
        }
        return new Answer(frame, descriptor);
    }

    private Answer failure(int id, String reason) {
        return new Answer(Frame.failure(id, reason), null);
    }

    private void answer(int id, Answer answer) {
        if (running.remove(id) != null) { // else it was cancelled meanwhile
            channel.outbox().call(answer);
        }
    }

    private static String reason(Throwable error) {
        String message = error.getMessage();
        String text = message == null || error instanceof Error ? error.toString() : message;
        return text.length() <= MAX_REASON_CHARS ? text : text.substring(0, MAX_REASON_CHARS);
    }

    private static String text(byte[] payload) {
        return new String(payload, StandardCharsets.UTF_8);
    }

    void failAll(Throwable error) {
        running.values().forEach(Disposable::dispose);
        running.clear();
        waiting.addAll(asked.values());
        List<Question> open = List.copyOf(waiting);
        asked.clear();
        waiting.clear();
        open.forEach(question -> question.sink.error(error));
    }
}
