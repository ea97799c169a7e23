// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.spindle.process.Fork;
import io.spindle.process.ForkedProcess;
import io.spindle.process.Output;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A peer that writes bytes of its own: each bad frame is one clear error of that channel, and of no other. */
@ExtendWith({BadPeerTest.WarmUp.class, LeakCheck.class})
class BadPeerTest {

    private static final ByteBufAllocator HEAP = UnpooledByteBufAllocator.DEFAULT;

    /** The JDK keeps one socket for ever once it has closed a channel: let it do so before the leak check looks. */
    static final class WarmUp implements BeforeAllCallback {
        @Override
        public void beforeAll(ExtensionContext context) throws IOException {
            SocketChannel.open(StandardProtocolFamily.UNIX).close();
        }
    }

    private final Pair pair = new Pair();
    private Channel bystander;

    @BeforeEach
    void connect() {
        Pair.Ends ends = pair.connect();
        bystander = ends.client();
        ends.server().onRequest("alive", message -> Mono.just(Reply.of(true)));
    }

    @AfterEach
    void close() {
        pair.close();
    }

    /** The two sockets of a hand-made peer, and our end. */
    private record Raw(SocketChannel frames, SocketChannel descriptors, Channel channel) implements AutoCloseable {

        void write(ByteBuf bytes) throws IOException {
            try {
                ByteBuffer all = bytes.nioBuffer();
                while (all.hasRemaining()) {
                    frames.write(all);
                }
            } finally {
                bytes.release();
            }
        }

        @Override
        public void close() throws IOException {
            frames.close();
            descriptors.close();
        }
    }

    private SocketChannel open(Invitation invitation, byte role, String token) throws IOException {
        SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(invitation.socket()));
        ByteBuf bytes = new Preamble(role, Format.CBOR, token).write(HEAP);
        socket.write(bytes.nioBuffer());
        bytes.release();
        return socket;
    }

    private Raw raw() throws IOException {
        Invitation invitation = pair.server.invite();
        Mono<Channel> accepted = pair.server.accept(invitation);
        SocketChannel frames = open(invitation, Preamble.FRAMES, invitation.token());
        SocketChannel descriptors = open(invitation, Preamble.DESCRIPTORS, invitation.token());
        return new Raw(frames, descriptors, Pair.get(accepted));
    }

    private void isRefused(ByteBuf bytes, String reason) throws IOException {
        try (Raw raw = raw()) {
            raw.write(bytes);

            StepVerifier.create(raw.channel().onDispose())
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(ChannelProtocolException.class)
                            .hasMessageContaining(reason))
                    .verify(Pair.PATIENCE);
            StepVerifier.create(raw.channel().receive())
                    .expectError(ChannelProtocolException.class)
                    .verify(Pair.PATIENCE);
        }
        theOtherChannelGoesOn();
    }

    private void theOtherChannelGoesOn() {
        assertThat(Pair.get(bystander.request("alive", "")).as(Boolean.class)).isTrue();
    }

    /** A child that listens. */
    static final class Listener {
        private Listener() {}

        public static void main(String[] args) {
            Channel.parent().flatMapMany(Channel::receive).subscribe(null, error -> {});
        }
    }

    @Test
    void aForkTellsABadFrameOfItsParentApartFromItsDeath(@TempDir Path directory) throws IOException {
        Path log = directory.resolve("log");
        Fork listener = Fork.of(Listener.class).options(command -> command.stdout(Output.file(log)));
        ForkedProcess child = Pair.get(listener.spawn().subscribeOn(pair.serverLoop));
        DefaultChannel channel = (DefaultChannel) child.channel();

        channel.onLoop(() -> channel.write(Frame.bare(Frame.READY), null));

        int code = Pair.get(child.close()).code();
        assertThat(code).as(Files.readString(log)).isEqualTo(1);
        assertThat(Files.readString(log))
                .contains("the channel to the parent of this process has failed: frame of kind 8 out of turn; exit")
                .doesNotContain("died");
    }

    @ParameterizedTest
    @CsvSource({"16777217", "2147483647", "0", "-1", "-2147483648"})
    void aLengthOutOfBoundsIsRefusedBeforeAnythingIsAllocated(int length) throws IOException {
        isRefused(Unpooled.buffer().writeInt(length), "the peer announced " + length);
    }

    @Test
    void framesOfUnknownKindOrShapeAreRefused() throws IOException {
        isRefused(Unpooled.buffer().writeInt(1).writeByte(99), "unknown kind 99");
        isRefused(Unpooled.buffer().writeInt(2).writeByte(Frame.END).writeByte(0), "must be empty, had 1 bytes");
        isRefused(Unpooled.buffer().writeInt(2).writeByte(Frame.CREDIT).writeByte(0), "too short to hold its number");
        isRefused(Frame.counted(Frame.CREDIT, -5).write(HEAP), "a positive count, had -5");
        isRefused(Frame.bare(Frame.READY).write(HEAP), "kind 8 out of turn");
        isRefused(
                Unpooled.buffer()
                        .writeInt(6)
                        .writeByte(Frame.CREDIT)
                        .writeInt(1)
                        .writeByte(0),
                "after its number");
        isRefused(Frame.reply(7, new byte[] {1}, false).write(HEAP), "request 7, which nobody asked");
        isRefused(Unpooled.buffer().writeInt(1).writeByte(Frame.END | 0x80), "kind 7 cannot carry a descriptor");
        isRefused(
                Unpooled.buffer()
                        .writeInt(6)
                        .writeByte(Frame.REQUEST)
                        .writeInt(1)
                        .writeByte(200),
                "too short to hold its subject");
    }

    @Test
    void aRequestBehindTheEndIsRefusedThoughTheMessagesHaveCompleted() throws IOException {
        try (Raw raw = raw()) {
            raw.write(Unpooled.wrappedBuffer(
                    Frame.bare(Frame.END).write(HEAP),
                    Frame.request(1, "s", new byte[0]).write(HEAP)));

            StepVerifier.create(raw.channel().onDispose())
                    .expectErrorMessage("the peer sent a frame of kind 3 after its END")
                    .verify(Pair.PATIENCE);
            StepVerifier.create(raw.channel().receive()).expectComplete().verify(Pair.PATIENCE);
        }
        theOtherChannelGoesOn();
    }

    @Test
    void aMessageWithoutCreditAndDescriptorsNeverSentAreRefused() throws IOException {
        isRefused(Frame.message(new byte[] {1}, false).write(HEAP), "without credit");
        isRefused(Frame.counted(Frame.TAKEN, 1).write(HEAP), "more descriptors than it was sent");
    }

    @Test
    void aPeerThatAsksMoreThanItMayIsRefused() throws IOException {
        ByteBuf many = Unpooled.buffer();
        for (int id = 0; id <= Calls.MAX_OPEN; id++) {
            ByteBuf request = Frame.request(id, "silence", new byte[0]).write(HEAP);
            many.writeBytes(request);
            request.release();
        }
        try (Raw raw = raw()) {
            raw.channel().onRequest("silence", message -> Mono.never());
            raw.write(many);

            StepVerifier.create(raw.channel().onDispose())
                    .expectErrorMessage("the peer has more than 1024 requests without an answer")
                    .verify(Pair.PATIENCE);
        }
        theOtherChannelGoesOn();
    }

    @Test
    void aFrameThatIsCutOffIsRefused() throws IOException {
        try (Raw raw = raw()) {
            raw.write(Unpooled.buffer().writeInt(100).writeByte(Frame.MESSAGE).writeByte(1));
            raw.frames().close();

            StepVerifier.create(raw.channel().onDispose())
                    .expectErrorMessage("the peer closed in the middle of a frame, after 6 of its bytes")
                    .verify(Pair.PATIENCE);
        }
        theOtherChannelGoesOn();
    }

    @Test
    void aDescriptorThatIsAnnouncedAndNeverSentIsRefused() throws IOException {
        try (Raw raw = raw()) {
            raw.write(Frame.reply(1, new byte[] {1}, true).write(HEAP));
            raw.descriptors().close();

            StepVerifier.create(raw.channel().onDispose())
                    .expectErrorMessage("the peer announced a descriptor and did not send it")
                    .verify(Pair.PATIENCE);
        }
        theOtherChannelGoesOn();
    }

    @Test
    void aWrongTokenIsClosedWithoutAWordAndAUsedOneToo() throws IOException {
        Invitation invitation = pair.server.invite();
        String wrong = "x".repeat(Preamble.TOKEN_BYTES);

        assertThat(endOf(open(invitation, Preamble.FRAMES, wrong))).isEqualTo(-1);
        StepVerifier.create(Channel.connect(new Invitation(invitation.socket(), wrong), pair.clientLoop))
                .expectError(ChannelClosedException.class)
                .verify(Pair.PATIENCE);

        Channel first = Pair.get(Channel.connect(invitation, pair.clientLoop));
        StepVerifier.create(Channel.connect(invitation, pair.clientLoop))
                .expectError(ChannelClosedException.class)
                .verify(Pair.PATIENCE);
        assertThat(first.isDisposed()).isFalse();
        theOtherChannelGoesOn();
    }

    @Test
    void aPreambleThatIsNotOneIsClosed() throws IOException {
        Invitation invitation = pair.server.invite();
        SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(invitation.socket()));

        socket.write(ByteBuffer.wrap(
                "GET / HTTP/1.1\r\nHost: localhost:3000\r\nAccept: */*\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));

        assertThat(endOf(socket)).isEqualTo(-1);
        theOtherChannelGoesOn();
    }

    private static int endOf(SocketChannel socket) throws IOException {
        try (socket) {
            return socket.read(ByteBuffer.allocate(1));
        } catch (IOException reset) {
            return -1; // what we wrote and nobody read makes it a reset
        }
    }

    @Test
    void aRevokedInvitationIsRefused() {
        Invitation invitation = pair.server.invite();
        Mono<Channel> accepted = pair.server.accept(invitation);

        pair.server.revoke(invitation);

        StepVerifier.create(accepted).expectError(ChannelClosedException.class).verify(Pair.PATIENCE);
        StepVerifier.create(Channel.connect(invitation, pair.clientLoop))
                .expectError(ChannelClosedException.class)
                .verify(Pair.PATIENCE);
    }

    @Test
    void mutatedFramesEndTheirChannelOrNothing() throws IOException {
        Random random = new Random(42);
        for (int round = 0; round < 60; round++) {
            try (Raw raw = raw()) {
                raw.channel().receive().subscribe(Message::discard, error -> {});
                for (int i = 0; i < 50 && !raw.channel().isDisposed(); i++) {
                    raw.write(mutated(random));
                }
            } catch (IOException closedByOurSide) {
                assertThat(closedByOurSide).hasMessageContaining("Broken pipe");
            }
        }
        theOtherChannelGoesOn();
    }

    private static ByteBuf mutated(Random random) {
        byte[] payload = new byte[random.nextInt(40)];
        Arrays.fill(payload, (byte) random.nextInt());
        ByteBuf frame = (switch (random.nextInt(4)) {
                    case 0 -> Frame.message(payload, false);
                    case 1 -> Frame.request(random.nextInt(), "subject", payload);
                    case 2 -> Frame.reply(random.nextInt(), payload, false);
                    default -> Frame.counted(Frame.CREDIT, 1 + random.nextInt(100));
                })
                .write(HEAP);
        if (random.nextInt(10) == 0) {
            frame.setByte(random.nextInt(frame.readableBytes()), random.nextInt());
        }
        return frame;
    }
}
