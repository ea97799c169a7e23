// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.spindle.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class PortCodecTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    /** Lists of words; "bad out" cannot be encoded, "bad in" not decoded. */
    private static final MessageCodec<List<String>> WORDS = MessageCodec.of(
            list -> {
                if (list.contains("bad out")) {
                    throw new IllegalStateException("cannot encode");
                }
                return String.join("|", list).getBytes(UTF_8);
            },
            bytes -> {
                String text = new String(bytes, UTF_8);
                if (text.contains("bad in")) {
                    throw new IllegalStateException("cannot decode");
                }
                return new ArrayList<>(List.of(text.split("\\|")));
            });

    private final MessageChannel<List<String>, List<String>> channel = MessageChannel.create(4, WORDS, WORDS);

    @AfterEach
    void resetHooks() {
        Hooks.resetOnErrorDropped();
    }

    private static List<String> words(String... words) {
        return new ArrayList<>(List.of(words));
    }

    @Test
    @SuppressWarnings("ReferenceEquality") // what is tested
    void aMessageIsCopiedAtTheCall() {
        List<String> sent = words("a", "b");
        channel.port1().postMessage(sent);
        channel.port1().send(sent).block(LONG);
        sent.add("later");

        StepVerifier.create(channel.port2().messages().take(1))
                .expectNextMatches(received -> received.equals(List.of("a", "b")) && received != sent)
                .expectComplete()
                .verify(LONG);
        assertThat(channel.port2().poll()).contains(List.of("a", "b"));
    }

    @Test
    @DisplayName("HW-13: what cannot be copied fails at the call")
    void whatCannotBeEncodedFailsAtTheSenderAndTakesNoRoom() {
        for (int i = 0; i < 10; i++) {
            assertThatExceptionOfType(MessageCodecException.class)
                    .isThrownBy(() -> channel.port1().postMessage(words("bad out")))
                    .withMessage("a message of java.util.ArrayList could not be encoded: cannot encode")
                    .withCauseInstanceOf(IllegalStateException.class);
        }
        StepVerifier.create(channel.port1().send(words("bad out")))
                .expectError(MessageCodecException.class)
                .verify(LONG);
        assertThatExceptionOfType(MessageCodecException.class).isThrownBy(() -> WORDS.copy(words("bad out")));
        assertThat(channel.port1().postMessage(words("good"))).isTrue();
        assertThat(channel.port2().poll()).contains(List.of("good"));
        assertThat(channel.port2().poll()).isEmpty();
    }

    @Test
    void whatCannotBeDecodedIsAMessageErrorAndTheOthersArrive() {
        List<MessageCodecException> errors = new ArrayList<>();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        channel.port2().messageErrors().doOnComplete(() -> ended.complete(null)).subscribe(errors::add);
        channel.port1().postMessage(words("one"));
        channel.port1().postMessage(words("bad in"));
        channel.port1().postMessage(words("two"));
        channel.port1().close();

        StepVerifier.create(channel.port2().messages())
                .expectNext(List.of("one"), List.of("two"))
                .expectComplete()
                .verify(LONG);
        assertThat(ended).succeedsWithin(LONG);
        assertThat(errors)
                .singleElement()
                .satisfies(error ->
                        assertThat(error).hasMessage("a message of 6 bytes could not be decoded: cannot decode"));
    }

    @Test
    void aMessageErrorThatNobodyListensForIsDroppedTheReactorWay() {
        List<Throwable> dropped = new ArrayList<>();
        Hooks.onErrorDropped(dropped::add);
        channel.port1().postMessage(words("bad in"));
        channel.port1().close();

        StepVerifier.create(channel.port2().messages()).expectComplete().verify(LONG);

        assertThat(dropped).singleElement().isInstanceOf(MessageCodecException.class);
        MessageChannel<List<String>, List<String>> polled = MessageChannel.create(1, WORDS, WORDS);
        polled.port1().postMessage(words("bad in"));
        assertThatExceptionOfType(MessageCodecException.class).isThrownBy(polled.port2()::poll);
        assertThat(polled.port1().postMessage(words("there is room"))).isTrue();
    }

    @Test
    @SuppressWarnings("ReferenceEquality") // what is tested
    void requestsAndAnswersAreCopiedAndTheirErrorsGoToTheAsker() {
        List<String> kept = words("kept");
        channel.port2().onRequest(question -> {
            question.add("changed by the handler");
            return Mono.just(question.get(0).equals("bad in answer") ? words("bad out") : kept);
        });
        List<String> asked = words("question");

        StepVerifier.create(channel.port1().request(asked))
                .expectNextMatches(answer -> answer.equals(kept) && answer != kept)
                .expectComplete()
                .verify(LONG);
        assertThat(asked).containsExactly("question");
        StepVerifier.create(channel.port1().request(words("bad in")))
                .expectError(MessageCodecException.class)
                .verify(LONG);
        StepVerifier.create(channel.port1().request(words("bad in answer")))
                .expectError(MessageCodecException.class)
                .verify(LONG);
    }

    @Test
    void aWorkerSendsAndReceivesCopies() {
        List<String> shared = words("data");
        Worker<List<String>, List<String>> worker = WorkerSpec.<List<String>, List<String>>of(context -> {
                    List<String> answer = words("first");
                    context.parentPort().postMessage(answer);
                    answer.add("changed later");
                    context.parentPort().messages().take(1).subscribe(received -> {
                        received.addAll(context.<List<String>>workerData(castList()));
                        context.parentPort().postMessage(received);
                        context.parentPort().postMessage(words("bad in"));
                    });
                })
                .codecs(WORDS, WORDS)
                .workerData(WORDS.copy(shared))
                .start();
        List<MessageCodecException> errors = new ArrayList<>();
        worker.messageErrors().subscribe(errors::add);
        shared.add("not seen");
        worker.postMessage(words("in"));

        StepVerifier.create(worker.messages())
                .expectNext(List.of("first"), List.of("in", "data"))
                .expectComplete()
                .verify(LONG);
        assertThat(errors).hasSize(1);
    }

    @SuppressWarnings("unchecked")
    private static Class<List<String>> castList() {
        return (Class<List<String>>) (Class<?>) List.class;
    }
}
