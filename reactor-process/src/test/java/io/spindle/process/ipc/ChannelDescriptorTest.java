// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** File descriptors that messages and replies carry. */
@ExtendWith(LeakCheck.class)
class ChannelDescriptorTest {

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
    void aDescriptorTravelsWithItsMessageAndInOrder() throws Exception {
        Path file = Files.createTempFile("ipc", ".txt");
        FileDescriptor open =
                FileDescriptor.from(Files.writeString(file, "content").toFile());
        AtomicReference<String> content = new AtomicReference<>();

        StepVerifier.create(server.receive()
                        .take(3)
                        .map(message -> message.takeDescriptor()
                                .map(descriptor -> {
                                    content.set(targetOf(descriptor));
                                    Message.close(descriptor);
                                    return message.as(String.class) + " with";
                                })
                                .orElseGet(() -> message.as(String.class))))
                .then(() -> Flux.merge(client.send("one"), client.send("two", open), client.send("three"))
                        .doFinally(end -> Message.close(open))
                        .subscribe())
                .expectNext("one", "two with", "three")
                .expectComplete()
                .verify(Pair.PATIENCE);
        assertThat(content).hasValue(file.toString());
        Files.delete(file);
    }

    @Test
    void messagesThatNobodyTookAreDroppedWithTheirDescriptorsByDispose() throws Exception {
        FileDescriptor[] pipe = FileDescriptor.pipe();
        StepVerifier.create(server.receive(), 2).thenCancel().verify(Pair.PATIENCE);
        client.send("waits", pipe[1]).block(Pair.PATIENCE);
        Message.close(pipe[1]);
        String target = targetOf(pipe[0]);
        assertThat(openTwice(target)).isTrue();

        server.dispose();

        StepVerifier.create(server.onDispose()).expectComplete().verify(Pair.PATIENCE);
        StepVerifier.create(server.receive()).expectComplete().verify(Pair.PATIENCE);
        assertThat(openTwice(target)).isFalse();
        Message.close(pipe[0]);
    }

    private static boolean openTwice(String target) throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(fd -> {
                                try {
                                    return Files.readSymbolicLink(fd).toString().equals(target);
                                } catch (IOException e) {
                                    return false; // closed meanwhile
                                }
                            })
                            .count()
                    > 1;
        }
    }

    private static String targetOf(FileDescriptor descriptor) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor.intValue()))
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void moreDescriptorsThanFitOnTheSocketAllArrive() throws Exception {
        FileDescriptor[] pipe = FileDescriptor.pipe();
        Flux<Integer> received = server.receive().take(500).map(message -> {
            message.discard();
            return message.as(Integer.class);
        });

        StepVerifier.create(Mono.zip(
                        received.collectList(),
                        Flux.range(0, 500)
                                .flatMap(n -> client.send(n, pipe[0]), 500)
                                .then(Mono.just(true))))
                .assertNext(both -> assertThat(both.getT1())
                        .isEqualTo(IntStream.range(0, 500).boxed().collect(Collectors.toList())))
                .expectComplete()
                .verify(Pair.PATIENCE);
        Message.close(pipe[0]);
        Message.close(pipe[1]);
    }

    @Test
    void aMessageCountsWhoseSenderDiesBeforeItsDescriptorIsAskedFor() throws Exception {
        FileDescriptor[] pipe = FileDescriptor.pipe();
        Invitation invitation = pair.server.invite();
        Mono<Channel> accepted = pair.server.accept(invitation);
        Socket descriptors = open(invitation, Preamble.DESCRIPTORS);
        Socket frames = open(invitation, Preamble.FRAMES);
        Channel channel = Pair.get(accepted);
        List<String> received = new ArrayList<>();
        channel.receive().subscribe(message -> {
            received.add(message.as(String.class));
            message.discard();
        });
        assertThat(Pair.get(Mono.fromCallable(channel::isDisposed).subscribeOn(pair.serverLoop)))
                .as("its credit is on the way")
                .isFalse();
        CountDownLatch dead = new CountDownLatch(1);
        pair.serverLoop.netty().execute(() -> Spin.until(dead));

        assertThat(descriptors.sendFd(pipe[0].intValue())).isPositive();
        write(frames, Frame.message(Format.CBOR.write("last words"), true).write(UnpooledByteBufAllocator.DEFAULT));
        frames.close(); // and the other one a moment later
        dead.countDown();

        StepVerifier.create(channel.onDispose()).expectComplete().verify(Pair.PATIENCE);
        assertThat(received).containsExactly("last words");
        descriptors.close();
        Message.close(pipe[0]);
        Message.close(pipe[1]);
    }

    /** A socket of a peer that is made by hand. */
    private static Socket open(Invitation invitation, byte role) throws IOException {
        Socket socket = Socket.newSocketDomain();
        socket.connect(new DomainSocketAddress(invitation.socket().toString()));
        write(socket, new Preamble(role, Format.CBOR, invitation.token()).write(UnpooledByteBufAllocator.DEFAULT));
        return socket;
    }

    private static void write(Socket socket, ByteBuf bytes) throws IOException {
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.readableBytes());
        bytes.readBytes(direct).release();
        assertThat(socket.write(direct, 0, direct.position())).isEqualTo(direct.capacity());
    }

    @Test
    void aReplyCanCarryADescriptor() throws Exception {
        FileDescriptor[] pipe = FileDescriptor.pipe();
        server.onRequest("descriptor", message -> Mono.just(Reply.of("here", pipe[0])));

        StepVerifier.create(client.request("descriptor", ""))
                .assertNext(reply -> {
                    FileDescriptor taken = reply.takeDescriptor().orElseThrow();
                    assertThat(targetOf(taken)).isEqualTo(targetOf(pipe[0]));
                    Message.close(taken);
                })
                .expectComplete()
                .verify(Pair.PATIENCE);
        Message.close(pipe[0]);
        Message.close(pipe[1]);
    }

    @Test
    void aReplyWhoseDescriptorWasClosedTooSoonFailsItsRequestAlone() throws Exception {
        FileDescriptor[] pipe = FileDescriptor.pipe();
        Message.close(pipe[0]);
        Message.close(pipe[1]);
        server.onRequest("closed", message -> Mono.just(Reply.of("here", pipe[0])));

        StepVerifier.create(client.request("closed", ""))
                .expectErrorMessage(
                        "request closed failed at the peer: " + "descriptor must be open until it is sent, was closed")
                .verify(Pair.PATIENCE);
        server.onRequest("alive", message -> Mono.just(Reply.of(true)));
        assertThat(Pair.get(client.request("alive", "")).as(Boolean.class)).isTrue();
    }
}
