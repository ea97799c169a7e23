// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.process.ChildProcess;
import io.spindle.process.Command;
import io.spindle.process.ExitStatus;
import io.spindle.process.Output;
import io.spindle.testkit.LeakCheck;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Peers in other languages, which know no more than {@code docs/design/ipc.md}: the scripts are test resources. */
@ExtendWith(LeakCheck.class)
class PeerTest {

    enum Language {
        NODE("node", "peer.mjs"),
        PYTHON("python3", "peer.py");

        private final String program;
        private final String script;

        Language(String program, String script) {
            this.program = program;
            this.script = script;
        }

        Command command() throws URISyntaxException {
            assumeTrue(isInstalled(), program + " is not installed");
            Path path = Path.of(Objects.requireNonNull(PeerTest.class.getResource("/peers/" + script))
                    .toURI());
            return Command.of(program, path.toString())
                    .env("PYTHONDONTWRITEBYTECODE", "1")
                    .stderr(Output.inherit());
        }

        private boolean isInstalled() {
            return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                    .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
        }
    }

    record Echo(Point echo) {}

    record Point(int x, String name) {}

    private final Pair pair = new Pair();
    private @Nullable ChildProcess child;

    private Channel start(Language language) throws URISyntaxException {
        Invitation invitation = pair.server.invite();
        Mono<Channel> accepted = pair.server.accept(invitation);
        child = Pair.get(
                language.command().env("SPINDLE_CHANNEL", invitation.text()).spawn());
        return Pair.get(accepted);
    }

    private ChildProcess child() {
        return Objects.requireNonNull(child, "child");
    }

    @AfterEach
    void close() {
        if (child != null) {
            child.dispose();
            child.close().block(Pair.PATIENCE);
        }
        pair.close();
    }

    private <T> T ask(Channel channel, Class<T> type, String subject, Object message) {
        return Pair.get(channel.request(subject, message).map(reply -> reply.as(type)));
    }

    private void endsWithSuccess(Channel channel) {
        StepVerifier.create(channel.onDispose()).expectComplete().verify(Pair.PATIENCE);
        assertThat(Pair.get(child().exit())).matches(ExitStatus::isSuccess, "exit without an error");
    }

    @ParameterizedTest
    @EnumSource
    void messagesGoBothWaysInOrder(Language language) throws Exception {
        Channel channel = start(language);
        List<Point> points = IntStream.range(0, 1000)
                .mapToObj(x -> new Point(x, "größer".repeat(x % 50)))
                .toList();
        channel.request("grant", points.size()).block(Pair.PATIENCE);

        StepVerifier.create(channel.receive(Echo.class)
                        .map(Echo::echo)
                        .take(points.size())
                        .collectList())
                .then(() -> Flux.fromIterable(points).concatMap(channel::send).subscribe())
                .expectNext(points)
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @ParameterizedTest
    @EnumSource
    void aMessageOfAMillionBytesComesBack(Language language) throws Exception {
        Channel channel = start(language);
        Point point = new Point(1, "x".repeat(1_000_000));
        channel.request("grant", 1).block(Pair.PATIENCE);

        StepVerifier.create(channel.receive(Echo.class).take(1))
                .then(() -> channel.send(point).subscribe())
                .expectNext(new Echo(point))
                .expectComplete()
                .verify(Pair.PATIENCE);
    }

    @ParameterizedTest
    @EnumSource
    void requestsAreAnsweredFailOrFindNobodyAtBothEnds(Language language) throws Exception {
        Channel channel = start(language);
        channel.onRequest("greet", message -> Mono.just(Reply.of("hello " + message.as(String.class))));
        channel.onRequest("refuse", message -> Mono.error(new IllegalStateException("not today")));

        assertThat(ask(channel, Integer.class, "double", 21)).isEqualTo(42);
        assertThat(Pair.get(Flux.range(0, 3000)
                        .flatMap(n -> channel.request("double", n).map(reply -> reply.as(Integer.class)), 3000)
                        .reduce(0, Integer::sum)))
                .isEqualTo(2999 * 3000);
        assertThatThrownBy(() -> ask(channel, String.class, "fail", "on purpose"))
                .isInstanceOf(RequestFailedException.class)
                .hasMessage("request fail failed at the peer: on purpose");
        assertThatThrownBy(() -> ask(channel, String.class, "absent", ""))
                .hasMessageEndingWith("no handler for absent");
        assertThat(ask(channel, String.class, "relay", "greet")).isEqualTo("hello from the peer");
        assertThat(ask(channel, String.class, "relay", "refuse")).isEqualTo("failed: not today");
        assertThat(ask(channel, String.class, "relay", "nobody")).isEqualTo("failed: no handler for nobody");
    }

    @ParameterizedTest
    @EnumSource
    void creditsHoldTheMessagesOfBothEndsBack(Language language) throws Exception {
        Channel channel = start(language);
        channel.request("burst", 10).block(Pair.PATIENCE);
        StepVerifier.create(channel.receive(Integer.class), 0)
                .then(() -> assertThat(ask(channel, Integer.class, "sent", "")).isZero())
                .thenRequest(3)
                .expectNext(1, 2, 3)
                .then(() -> assertThat(ask(channel, Integer.class, "sent", "")).isEqualTo(3))
                .thenRequest(7)
                .expectNext(4, 5, 6, 7, 8, 9, 10)
                .thenCancel()
                .verify(Pair.PATIENCE);

        List<Integer> written = new ArrayList<>();
        Flux.range(1, 3)
                .concatMap(number -> channel.send(number).doOnSuccess(done -> written.add(number)))
                .subscribe(null, error -> {});
        channel.request("grant", 2).block(Pair.PATIENCE);
        ask(channel, Integer.class, "sent", "");
        assertThat(written).containsExactly(1, 2);
    }

    @ParameterizedTest
    @EnumSource
    void weDisconnectAndThePeerEnds(Language language) throws Exception {
        Channel channel = start(language);
        channel.request("grant", 1).block(Pair.PATIENCE);

        StepVerifier.create(channel.send("last").then(channel.disconnect()))
                .expectComplete()
                .verify(Pair.PATIENCE);

        endsWithSuccess(channel);
    }

    @ParameterizedTest
    @EnumSource
    void thePeerDisconnectsAfterItsLastMessage(Language language) throws Exception {
        Channel channel = start(language);
        channel.request("burst", 2).block(Pair.PATIENCE);

        StepVerifier.create(channel.receive(Integer.class))
                .then(() -> channel.request("leave", "").block(Pair.PATIENCE))
                .expectNext(1, 2)
                .expectComplete()
                .verify(Pair.PATIENCE);

        assertThat(channel.isDisconnected()).isTrue();
        endsWithSuccess(channel);
    }

    @ParameterizedTest
    @EnumSource
    void aPeerThatLosesUsKnowsThatItWasNoGoodEnd(Language language) throws Exception {
        Channel channel = start(language);
        ask(channel, Integer.class, "double", 1);

        channel.dispose();

        assertThat(Pair.get(child().exit()).code()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void aPeerWithoutASocketForDescriptorsGetsNone(Language language) throws Exception {
        Channel channel = start(language);
        FileDescriptor[] pipe = FileDescriptor.pipe();
        channel.onRequest("descriptor", message -> Mono.just(Reply.of("here", pipe[0])));

        StepVerifier.create(channel.send("message", pipe[0]))
                .expectErrorMessage("this peer takes no descriptors")
                .verify(Pair.PATIENCE);
        assertThat(ask(channel, String.class, "relay", "descriptor"))
                .isEqualTo("failed: this peer takes no descriptors");
        Message.close(pipe[0]);
        Message.close(pipe[1]);
    }

    @ParameterizedTest
    @EnumSource
    void aPeerThatIsKilledEndsItsChannel(Language language) throws Exception {
        Channel channel = start(language);

        StepVerifier.create(channel.receive())
                .then(() -> child().dispose())
                .expectComplete()
                .verify(Pair.PATIENCE);
        StepVerifier.create(channel.onDispose()).expectComplete().verify(Pair.PATIENCE);
        assertThat(channel.isDisconnected()).isFalse();
    }
}
