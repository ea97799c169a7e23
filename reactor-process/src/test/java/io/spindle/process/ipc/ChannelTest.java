// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class ChannelTest {

    record Greeting(String text, int number) {}

    private Pair pair;
    private Channel server;
    private Channel client;

    @BeforeEach
    void connect() {
        pair = new Pair();
        Pair.Ends ends = pair.connect();
        server = ends.server();
        client = ends.client();
    }

    @AfterEach
    void close() {
        pair.close();
    }

    @Test
    void messagesArriveAsTheTypeThatTheReceiverNames() {
        StepVerifier.create(server.receive(Greeting.class).take(2))
                .then(() -> client.send(new Greeting("grüß", 1))
                        .then(client.send(new Greeting("x".repeat(400_000), 2)))
                        .subscribe())
                .expectNext(new Greeting("grüß", 1))
                .expectNext(new Greeting("x".repeat(400_000), 2))
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @Test
    void messagesFromSeveralThreadsKeepTheOrderInWhichTheyWereSent() {
        CountDownLatch sent = new CountDownLatch(1);
        Thread elsewhere = new Thread(() -> {
            client.send("from elsewhere").subscribe();
            sent.countDown();
        });

        StepVerifier.create(server.receive(String.class).take(2))
                .then(() -> pair.clientLoop.netty().execute(() -> {
                    elsewhere.start();
                    Spin.until(sent);
                    client.send("from the loop").subscribe();
                }))
                .expectNext("from elsewhere", "from the loop")
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    interface Shape {
        List<Greeting> greetings();
    }

    @Test
    void aMessageIsReadAsATypeWithArguments() throws NoSuchMethodException {
        List<Greeting> greetings = List.of(new Greeting("hello", 1), new Greeting("again", 2));
        Type type = Shape.class.getDeclaredMethod("greetings").getGenericReturnType();

        StepVerifier.create(server.receive().take(1).map(message -> message.<List<Greeting>>as(type)))
                .then(() -> client.send(greetings).subscribe())
                .expectNext(greetings)
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @Test
    void messagesGoBothWaysInTheOrderOfTheirSends() {
        List<Integer> numbers = IntStream.range(0, 5000).boxed().toList();
        Mono<List<Integer>> atServer = server.receive(Integer.class).take(5000).collectList();
        Mono<List<Integer>> atClient = client.receive(Integer.class).take(5000).collectList();
        Mono<Void> sent = Mono.when(
                Flux.fromIterable(numbers).concatMap(client::send),
                Flux.fromIterable(numbers).flatMap(server::send, 5000));

        StepVerifier.create(Mono.zip(atServer, atClient, sent.thenReturn(true)))
                .assertNext(all -> {
                    assertThat(all.getT1()).isEqualTo(numbers);
                    assertThat(all.getT2()).isEqualTo(numbers);
                })
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @Test
    void aMessageWaitsWithItsSenderUntilTheReceiverHasDemand() {
        List<Integer> written = new ArrayList<>();
        Sinks.Empty<Void> third = Sinks.empty();
        Flux.range(1, 3)
                .concatMap(number -> client.send(number).doOnSuccess(done -> written.add(number)))
                .doOnComplete(third::tryEmitEmpty)
                .subscribe();

        StepVerifier.create(server.receive(Integer.class), 0)
                .then(() -> assertThat(roundTrip()).isEqualTo("none"))
                .then(() -> assertThat(written).isEmpty())
                .thenRequest(2)
                .expectNext(1, 2)
                .then(() -> assertThat(roundTrip()).isEqualTo("none"))
                .then(() -> assertThat(written).containsExactly(1, 2))
                .thenRequest(1)
                .expectNext(3)
                .thenCancel()
                .verify(Pair.PATIENCE);
        StepVerifier.create(third.asMono()).expectComplete().verify(Pair.PATIENCE);
    }

    /** When it returns, everything sent before has been seen by both ends. */
    private String roundTrip() {
        server.onRequest("ping", message -> Mono.empty());
        client.onRequest("ping", message -> Mono.empty());
        client.request("ping", "").block(Pair.PATIENCE);
        return server.request("ping", "")
                .map(reply -> reply.as(String.class))
                .blockOptional(Pair.PATIENCE)
                .orElse("none");
    }

    @RepeatedTest(20)
    void aCancelledMessageThatStillWaitsIsNeverSent() {
        client.send("withdrawn").subscribe().dispose();
        client.send("sent").subscribe(null, error -> {});

        StepVerifier.create(server.receive(String.class).take(1))
                .expectNext("sent")
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @Test
    void receiveServesOneSubscriberAtATimeAndTheNextOneGoesOn() {
        Flux.range(1, 4).flatMap(client::send).subscribe();

        StepVerifier.create(server.receive(Integer.class), 2)
                .expectNext(1, 2)
                .then(() -> StepVerifier.create(server.receive())
                        .expectErrorMessage("receive() has a subscriber, and a channel serves one at a time")
                        .verify(Pair.PATIENCE))
                .thenCancel()
                .verify(Pair.PATIENCE);
        StepVerifier.create(server.receive(Integer.class).take(2))
                .expectNext(3, 4)
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @Test
    void aRequestIsAnsweredFailsOrFindsNobody() {
        server.onRequest("double", message -> Mono.just(Reply.of(message.as(Integer.class) * 2)));
        server.onRequest("fail", message -> Mono.error(new IllegalStateException("not today")));
        server.onRequest("throw", message -> {
            throw new IllegalStateException("never");
        });
        server.onRequest("fatal", message -> {
            throw new NoClassDefFoundError("gone");
        });
        server.onRequest("later", message -> Mono.error(new StackOverflowError()));
        server.onRequest(
                "inside",
                message -> Mono.fromCallable(() -> {
                    throw new NoClassDefFoundError("gone inside");
                }));

        StepVerifier.create(client.request("double", 21).map(reply -> reply.as(Integer.class)))
                .expectNext(42)
                .expectComplete()
                .verify(Pair.PATIENCE);
        assertThatThrownBy(() -> client.request("fail", 1).block(Pair.PATIENCE))
                .isInstanceOf(RequestFailedException.class)
                .hasMessage("request fail failed at the peer: not today");
        assertThatThrownBy(() -> client.request("throw", 1).block(Pair.PATIENCE))
                .hasMessageEndingWith("never");
        assertThatThrownBy(() -> client.request("fatal", 1).block(Pair.PATIENCE))
                .as("what Reactor throws past every subscriber")
                .hasMessageEndingWith("java.lang.NoClassDefFoundError: gone");
        assertThatThrownBy(() -> client.request("later", 1).block(Pair.PATIENCE))
                .hasMessageEndingWith("java.lang.StackOverflowError");
        assertThatThrownBy(() -> client.request("inside", 1).block(Pair.PATIENCE))
                .hasMessageEndingWith("java.lang.NoClassDefFoundError: gone inside");
        assertThatThrownBy(() -> client.request("absent", 1).block(Pair.PATIENCE))
                .hasMessageEndingWith("no handler for absent");
    }

    @Test
    void aGuestThatCameBeforeAnybodyWaitedForItFindsTheHandlersSet() {
        Invitation invitation = pair.server.invite();
        Mono<Channel> accepted = pair.server.accept(invitation);
        Channel guest = Pair.get(Channel.connect(invitation, pair.clientLoop));
        Sinks.One<String> answer = Sinks.one();
        guest.request("name", "")
                .map(name -> name.as(String.class))
                .subscribe(answer::tryEmitValue, answer::tryEmitError);
        turns(pair.clientLoop);

        accepted.doOnNext(channel -> {
                    turns(pair.serverLoop); // what was being read would have been seen
                    channel.onRequest("name", question -> Mono.just(Reply.of("set in time")));
                })
                .block(Pair.PATIENCE);

        assertThat(answer.asMono().block(Pair.PATIENCE)).isEqualTo("set in time");
    }

    private static void turns(EventLoop loop) {
        for (int turn = 0; turn < 20; turn++) {
            Mono.fromRunnable(() -> {}).subscribeOn(loop).block(Pair.PATIENCE);
        }
    }

    @Test
    void aCancelledRequestCancelsTheWorkAtThePeer() {
        Sinks.Empty<Void> begun = Sinks.empty();
        Sinks.Empty<Void> cancelled = Sinks.empty();
        server.onRequest(
                "work",
                message -> Mono.<Reply>never()
                        .doOnSubscribe(subscription -> begun.tryEmitEmpty())
                        .doOnCancel(cancelled::tryEmitEmpty));

        Disposable request = client.request("work", "").subscribe();
        begun.asMono().block(Pair.PATIENCE);
        request.dispose();

        StepVerifier.create(cancelled.asMono()).expectComplete().verify(Pair.PATIENCE);
        assertThat(roundTrip()).isEqualTo("none");
    }

    @Test
    void requestsThatAreTooManyWaitAndAreAllAnswered() {
        server.onRequest("double", message -> Mono.just(Reply.of(message.as(Integer.class) * 2)));

        StepVerifier.create(Flux.range(0, 5000)
                        .flatMap(n -> client.request("double", n).map(reply -> reply.as(Integer.class)), 5000)
                        .reduce(0L, Long::sum))
                .expectNext(5000L * 4999)
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @Test
    void aReplyThatCannotBeWrittenFailsItsRequestAlone() {
        server.onRequest("endless", message -> Mono.just(Reply.of(endless())));
        server.onRequest("long", message -> Mono.just(Reply.of(new byte[Channel.MAX_FRAME_BYTES])));

        assertThatThrownBy(() -> client.request("endless", "").block(Pair.PATIENCE))
                .isInstanceOf(RequestFailedException.class)
                .hasMessageContaining("cannot be written as CBOR");
        assertThatThrownBy(() -> client.request("long", "").block(Pair.PATIENCE))
                .isInstanceOf(RequestFailedException.class)
                .hasMessageContaining("must fit in a frame of");
        assertThat(roundTrip()).isEqualTo("none");
    }

    @Test
    void aRequestOvertakesMessagesWithoutDemand() {
        client.send("nobody wants it").subscribe(null, error -> {});
        server.onRequest("now", message -> Mono.just(Reply.of("here")));

        StepVerifier.create(client.request("now", "").map(reply -> reply.as(String.class)))
                .expectNext("here")
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @Test
    void disconnectDeliversWhatWasSentBeforeAndEndsBothSides() {
        StepVerifier.create(server.receive(Integer.class))
                .then(() -> Flux.range(1, 100).flatMap(client::send, 100).subscribe())
                .then(() -> client.disconnect().subscribe())
                .expectNextCount(100)
                .expectComplete()
                .verify(Pair.PATIENCE);
        StepVerifier.create(Mono.when(server.onDispose(), client.onDispose()))
                .expectComplete()
                .verify(Pair.PATIENCE);
        assertThat(server.isDisposed()).isTrue();
        assertThat(List.of(server.isDisconnected(), client.isDisconnected())).containsExactly(true, true);
        StepVerifier.create(server.send("late"))
                .expectError(ChannelClosedException.class)
                .verify(Pair.PATIENCE);
    }

    @Test
    void theDeathOfThePeerEndsReceiveAndFailsWhatWaits() {
        Mono<Message> unanswered = client.request("silence", "");
        server.onRequest("silence", message -> Mono.never());

        StepVerifier.create(unanswered)
                .then(() -> client.send("waits").subscribe(null, error -> {}))
                .then(server::dispose)
                .expectError(ChannelClosedException.class)
                .verify(Pair.PATIENCE);
        for (int time = 1; time <= 3; time++) {
            StepVerifier.create(client.receive(), 0).expectComplete().verify(Pair.PATIENCE);
            StepVerifier.create(client.receive()).expectComplete().verify(Pair.PATIENCE);
        }
    }

    @Test
    void whatIsSubscribedOnALoopComesHomeToIt() {
        List<Boolean> home = new ArrayList<>();
        server.onRequest("home", message -> Mono.just(Reply.of("yes")));

        EventLoop.run(loop -> {
            client.request("home", "").subscribe(reply -> home.add(loop.inLoop()));
            client.receive().take(1).subscribe(message -> home.add(loop.inLoop()));
            server.send("hello").subscribe(null, null, () -> home.add(loop.inLoop()));
        });

        assertThat(home).containsExactly(true, true, true);
    }

    @Test
    void aMessageThatIsTooLongOrCannotBeWrittenFailsAlone() {
        StepVerifier.create(client.send(new byte[Channel.MAX_FRAME_BYTES]))
                .expectError(IllegalArgumentException.class)
                .verify(Pair.PATIENCE);
        StepVerifier.create(client.send(endless()))
                .expectError(IllegalArgumentException.class)
                .verify(Pair.PATIENCE);
        assertThat(client.isDisposed()).isFalse();
        assertThatThrownBy(() -> client.onRequest("", message -> Mono.empty()))
                .hasMessage("subject must have 1 to 255 bytes, had 0");
    }

    private static List<Object> endless() {
        List<Object> list = new ArrayList<>();
        list.add(list);
        return list;
    }

    @Test
    void aMessageOfAnotherTypeIsTheReceiversErrorAndTheChannelGoesOn() {
        StepVerifier.create(server.receive(Greeting.class))
                .then(() -> client.send("no greeting").subscribe())
                .expectError(MessageFormatException.class)
                .verify(Pair.PATIENCE);
        assertThat(roundTrip()).isEqualTo("none");
    }

    @Test
    void aLoopWithoutEpollIsAnErrorOnThatLoop() {
        EventLoop plain = EventLoopSpec.of("plain").nativeTransport(false).start();
        List<Boolean> onLoop = new ArrayList<>();

        StepVerifier.create(Channel.connect(pair.server.invite(), plain).doOnError(error -> onLoop.add(plain.inLoop())))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("plain was made without"))
                .verify(Pair.PATIENCE);

        assertThat(onLoop).containsExactly(true);
        plain.dispose();
        plain.onDispose().block(Pair.PATIENCE);
    }

    @Test
    void theSocketIsInADirectoryOfThisUserAloneAndGoesWithTheServer() throws Exception {
        Invitation invitation = pair.server.invite();
        Path directory = Objects.requireNonNull(invitation.socket().getParent());

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
        assertThat(directory.getFileName().toString()).startsWith("spindle");
        assertThat(invitation.toString()).doesNotContain(invitation.token());
        assertThat(Invitation.of(invitation.text())).isEqualTo(invitation);
    }
}
