// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** Requests and replies, both ways. Loop only, but for {@link #onRequest}. */
final class Calls {

    private static final int MAX_RUNNING = 1024;
    private static final int MAX_REASON_CHARS = 1000;

    private record Asked(String subject, MonoSink<Message> sink) {}

    private final DefaultChannel channel;
    private final Map<Integer, Asked> asked = new HashMap<>();
    private final Map<String, Function<Message, Mono<Reply>>> handlers = new ConcurrentHashMap<>();
    private final Disposable.Composite running = Disposables.composite();
    private int lastId;

    Calls(DefaultChannel channel) {
        this.channel = channel;
    }

    void onRequest(String subject, Function<Message, Mono<Reply>> handler) {
        handlers.put(subject, handler);
    }

    void ask(String subject, byte[] payload, MonoSink<Message> sink) {
        int id = ++lastId;
        asked.put(id, new Asked(subject, sink));
        sink.onCancel(() -> channel.onLoop(() -> asked.remove(id)));
        channel.outbox().call(new Outbox.Entry(Frame.request(id, subject, payload), null, null));
    }

    /** A reply that nobody waits for any more is dropped. */
    void replied(Frame frame, Message message) {
        Asked question = asked.remove(frame.number());
        if (question == null) {
            message.discard();
        } else if (frame.kind() == Frame.FAILURE) {
            question.sink().error(new RequestFailedException(question.subject(), text(frame.payload())));
        } else if (message.length() == 0) {
            message.discard();
            question.sink().success();
        } else {
            question.sink().success(message);
        }
    }

    void requested(int id, Message message) {
        Function<Message, Mono<Reply>> handler = handlers.get(message.subject());
        if (handler == null) {
            refuse(id, message, "no handler for " + message.subject());
        } else if (running.size() >= MAX_RUNNING) {
            refuse(id, message, MAX_RUNNING + " requests are being worked on");
        } else {
            run(id, message, handler);
        }
    }

    private void refuse(int id, Message message, String reason) {
        message.discard();
        answer(new Outbox.Entry(Frame.failure(id, reason), null, null));
    }

    private void run(int id, Message message, Function<Message, Mono<Reply>> handler) {
        Disposable.Swap slot = Disposables.swap();
        running.add(slot);
        slot.update(Mono.defer(() -> handler.apply(message))
                .map(reply -> entry(id, reply))
                .defaultIfEmpty(new Outbox.Entry(Frame.reply(id, Frame.NOTHING, false), null, null))
                .onErrorResume(error -> Mono.just(new Outbox.Entry(Frame.failure(id, reason(error)), null, null)))
                .doFinally(signal -> running.remove(slot))
                .subscribe(this::answer));
    }

    private static Outbox.Entry entry(int id, Reply reply) {
        boolean withDescriptor = reply.descriptor() != null;
        return new Outbox.Entry(Frame.reply(id, reply.payload(), withDescriptor), reply.descriptor(), null);
    }

    private void answer(Outbox.Entry entry) {
        channel.onLoop(() -> channel.outbox().call(entry));
    }

    private static String reason(Throwable error) {
        Exceptions.throwIfFatal(error);
        String text = Objects.toString(error.getMessage(), error.getClass().getName());
        return text.length() <= MAX_REASON_CHARS ? text : text.substring(0, MAX_REASON_CHARS);
    }

    private static String text(byte[] payload) {
        return new String(payload, StandardCharsets.UTF_8);
    }

    void failAll(Throwable error) {
        running.dispose();
        List<Asked> open = List.copyOf(asked.values());
        asked.clear();
        open.forEach(question -> question.sink().error(error));
    }
}
