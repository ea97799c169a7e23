// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import io.spindle.loop.EventLoop;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Mutated frames through real sockets, {@code -Dspindle.fuzz.frames=1000000} of them: three fifths from a peer with one
 * socket, one from a peer with descriptors, one from a server. For each connection an oracle says whether it must end in good
 * order or by one clear error; what the loop allocates is bounded, and another channel of the same loop goes on. A failure
 * names its case, which is its seed.
 */
@ExtendWith({BadPeerTest.WarmUp.class, LeakCheck.class})
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class FrameFuzzTest {

    private static final int FRAMES = Integer.getInteger("spindle.fuzz.frames", 50_000);
    private static final int FROM_EACH_OTHER = FRAMES / 5;
    private static final int FROM_ONE_ALONE = FRAMES - 2 * FROM_EACH_OTHER;
    private static final int WARM_UP = 500;
    private static final int CASES_BETWEEN_LOOKS = 500;
    private static final int CREDIT_AND_REQUESTS = 9 + 3 * 14;
    private static final int READY = 5;
    private static final byte[] GOOD_READY = {0, 0, 0, 1, Frame.READY};
    /**
     * A quarter of what one frame may hold, and next to nothing of what it may announce. It is what each message is read for, as
     * three types: of a text or array that is announced to be long, Jackson makes the first 250,000 bytes at once.
     */
    private static final long MAX_HEAP_BYTES_FOR_A_CASE = 4 * 1024 * 1024;

    private static final long MAX_DIRECT_BYTES = 16 * 1024 * 1024;
    private static final String CLEAR = "(the peer|frame|request) .*";

    private final Pair pair = new Pair();
    private final Queue<Throwable> unexpected = new ConcurrentLinkedQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);

    @AfterEach
    void close() {
        pair.close();
    }

    /** A peer that is to be wrong, and our end. */
    private interface Connection extends AutoCloseable {

        Channel channel();

        /** Its socket for frames. */
        SocketChannel frames();

        /** Sends all descriptors, before the frames; or says behind them that no more come. */
        default void descriptors(boolean end) throws IOException {}

        @Override
        void close() throws IOException;
    }

    private enum Peer {
        /** Connects, and has no socket for descriptors. */
        ALONE,
        /** Connects, announces descriptors and sends most of them. */
        GUEST,
        /** Is connected to; it announces descriptors and sends none. */
        HOST
    }

    /** One case: what is written by whom, and what comes of it. */
    @SuppressWarnings("ArrayRecordComponent") // cases are never compared
    private record Case(int seed, FrameMutator mutator, byte[] stream, int descriptors, FrameOracle oracle) {

        static Case of(int seed, Peer peer) {
            FrameMutator mutator = new FrameMutator(seed, peer != Peer.ALONE);
            byte[] stream = mutator.stream();
            int descriptors = peer == Peer.GUEST ? mutator.descriptors() : 0;
            return new Case(
                    seed, mutator, stream, descriptors, new FrameOracle(stream, FrameMutator.ASKED, descriptors));
        }
    }

    private interface Opener {

        /** Returns null if there has come to be none, as there should not. */
        @Nullable
        Connection open(Case one) throws IOException;
    }

    @Test
    void everyBadFrameIsOneClearErrorOfItsChannelAlone() throws IOException {
        fuzz(FROM_ONE_ALONE, Peer.ALONE, pair.serverLoop, this::guest);
    }

    @Test
    void soItIsOfAPeerWithDescriptorsAndNoneOfTheseIsLeft() throws IOException {
        FileDescriptor[] pipe = FileDescriptor.pipe();

        fuzz(FROM_EACH_OTHER, Peer.GUEST, pair.serverLoop, one -> guestWithDescriptors(one, pipe[0]));

        Message.close(pipe[0]); // and if one of all that were sent is left open, the check for leaks sees it
        Message.close(pipe[1]);
    }

    @Test
    void soItIsOfAServer(@TempDir Path directory) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);

            fuzz(FROM_EACH_OTHER, Peer.HOST, pair.clientLoop, one -> host(one, server, address.getPath()));
        }
    }

    private void fuzz(int atLeast, Peer peer, EventLoop loop, Opener opener) throws IOException {
        Pair.Ends bystanders = pair.connect();
        bystanders.server().onRequest("alive", message -> Mono.just(Reply.of(true)));
        bystanders.client().onRequest("alive", message -> Mono.just(Reply.of(true)));
        long loopThread =
                Pair.get(Mono.fromCallable(() -> Thread.currentThread().getId()).subscribeOn(loop));
        long direct = directBytes();
        Map<FrameOracle.Verdict, Integer> verdicts = new EnumMap<>(FrameOracle.Verdict.class);
        long frames = 0;

        for (int seed = 0; frames < atLeast; seed++) {
            long heap = allocated(loopThread);
            Case one = Case.of(seed, peer);
            FrameOracle.Verdict verdict = one.oracle().judge();
            verdicts.merge(verdict, 1, Integer::sum);
            frames += one.mutator().mutatedUpTo(one.oracle().judged());

            try (Connection connection = opener.open(one)) {
                if (connection != null) {
                    check(one, connection, verdict);
                }
            }

            if (seed > WARM_UP) {
                assertThat(allocated(loopThread) - heap)
                        .as("heap for case %d", seed)
                        .isLessThan(MAX_HEAP_BYTES_FOR_A_CASE);
            }
            if (seed % CASES_BETWEEN_LOOKS == 0) {
                for (Channel other : List.of(bystanders.client(), bystanders.server())) {
                    assertThat(Pair.get(other.request("alive", "")).as(Boolean.class))
                            .isTrue();
                }
            }
        }
        assertThat(unexpected).isEmpty();
        assertThat(directBytes() - direct).as("direct memory").isLessThanOrEqualTo(MAX_DIRECT_BYTES);
        assertThat(verdicts).containsOnlyKeys(FrameOracle.Verdict.values());
    }

    private static long allocated(long thread) {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getThreadAllocatedBytes(thread);
    }

    private static long directBytes() {
        return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                .metric()
                .usedDirectMemory();
    }

    private Connection guest(Case one) throws IOException {
        Invitation invitation = pair.server.invite();
        Mono<Channel> accepted = pair.server.accept(invitation);
        SocketChannel frames = SocketChannel.open(UnixDomainSocketAddress.of(invitation.socket()));
        write(frames, new Preamble(Preamble.FRAMES_ALONE, one.mutator().format(), invitation.token()));
        Channel channel = Pair.get(accepted);
        read(frames, READY);
        return new Guest(channel, frames);
    }

    private record Guest(Channel channel, SocketChannel frames) implements Connection {

        @Override
        public void close() throws IOException {
            frames.close();
        }
    }

    private Connection guestWithDescriptors(Case one, FileDescriptor any) throws IOException {
        Invitation invitation = pair.server.invite();
        Mono<Channel> accepted = pair.server.accept(invitation);
        Socket descriptors = Socket.newSocketDomain();
        descriptors.connect(new DomainSocketAddress(invitation.socket().toString()));
        ByteBuf preamble = new Preamble(Preamble.DESCRIPTORS, one.mutator().format(), invitation.token())
                .write(UnpooledByteBufAllocator.DEFAULT);
        buffer.clear().put(preamble.nioBuffer());
        preamble.release();
        descriptors.write(buffer, 0, buffer.position());
        SocketChannel frames = SocketChannel.open(UnixDomainSocketAddress.of(invitation.socket()));
        write(frames, new Preamble(Preamble.FRAMES, one.mutator().format(), invitation.token()));
        Channel channel = Pair.get(accepted);
        read(frames, READY);
        return new GuestWithDescriptors(one, any, channel, frames, descriptors);
    }

    private record GuestWithDescriptors(
            Case one, FileDescriptor any, Channel channel, SocketChannel frames, Socket descriptors)
            implements Connection {

        @Override
        public void descriptors(boolean end) throws IOException {
            boolean endsEarly = one.seed() % 2 == 0;
            if (!end) {
                for (int i = 0; i < one.descriptors(); i++) {
                    assertThat(descriptors.sendFd(any.intValue())).isPositive();
                }
            }
            if (end != endsEarly) {
                descriptors.shutdown(false, true);
            }
        }

        @Override
        public void close() throws IOException {
            frames.close();
            descriptors.close();
        }
    }

    private @Nullable Connection host(Case one, ServerSocketChannel server, Path path) throws IOException {
        CompletableFuture<@Nullable Channel> connected = Channel.connect(
                        new Invitation(path, "t".repeat(Preamble.TOKEN_BYTES)), pair.clientLoop)
                .toFuture();
        SocketChannel first = server.accept();
        SocketChannel second = server.accept();
        read(first, Preamble.LENGTH);
        boolean firstHasFrames = buffer.get(Integer.BYTES + 1) == Preamble.FRAMES;
        read(second, Preamble.LENGTH);
        Host host = firstHasFrames ? new Host(connected, first, second) : new Host(connected, second, first);
        byte[] ready = one.mutator().ready();
        if (Arrays.mismatch(ready, GOOD_READY) < 0 || Arrays.mismatch(ready, GOOD_READY) == GOOD_READY.length) {
            host.frames().write(ByteBuffer.wrap(GOOD_READY)); // whatever would follow comes later
            return host;
        }
        host.frames().write(ByteBuffer.wrap(ready));
        host.frames().shutdownOutput();
        assertThat(connected)
                .as("case %d", one.seed())
                .failsWithin(Pair.PATIENCE)
                .withThrowableThat()
                .havingCause()
                .isInstanceOfAny(ChannelProtocolException.class, ChannelClosedException.class);
        host.close();
        return null;
    }

    private record Host(CompletableFuture<@Nullable Channel> connected, SocketChannel frames, SocketChannel toldNothing)
            implements Connection {

        @Override
        public Channel channel() {
            return Objects.requireNonNull(connected
                    .orTimeout(Pair.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join());
        }

        @Override
        public void descriptors(boolean end) throws IOException {
            if (end) {
                toldNothing.shutdownOutput();
            }
        }

        @Override
        public void close() throws IOException {
            frames.close();
            toldNothing.close();
        }
    }

    private void check(Case one, Connection connection, FrameOracle.Verdict verdict) throws IOException {
        Sinks.Empty<Void> received = Sinks.empty();
        AtomicInteger messages = new AtomicInteger();
        Channel channel = connection.channel();
        channel.onRequest(FrameOracle.SILENT, message -> {
            message.discard();
            return Mono.never();
        });
        channel.receive()
                .doOnNext(message -> messages.incrementAndGet())
                .subscribe(this::read, received::tryEmitError, received::tryEmitEmpty);
        FrameMutator.ASKED.forEach(number -> channel.request("ask", number).subscribe(this::read, error -> {}));
        read(connection.frames(), CREDIT_AND_REQUESTS);
        boolean refused = isRefused(connection, one.stream());
        Optional<Throwable> error = errorOf(channel.onDispose());

        switch (verdict) {
            case GOOD -> assertThat(error).as("case %d", one.seed()).isEmpty();
            case BAD -> assertThat(error).as("case %d", one.seed()).isPresent();
            case EITHER -> // an END may still have waited behind a descriptor
                assertThat(channel.isDisconnected() || (one.descriptors() > 0 && error.isPresent()))
                        .as("case %d", one.seed())
                        .isTrue();
        }
        error.ifPresent(each -> assertThat(each)
                .as("case %d", one.seed())
                .isInstanceOf(ChannelProtocolException.class)
                .message()
                .matches(CLEAR));
        if (!channel.isDisconnected()) {
            assertThat(errorOf(received.asMono())).as("case %d", one.seed()).isEqualTo(error);
            assertThat(refused && error.isEmpty()).as("case %d", one.seed()).isFalse();
        }
        if (verdict == FrameOracle.Verdict.GOOD) {
            assertThat(errorOf(received.asMono())).as("case %d", one.seed()).isEmpty();
            assertThat(messages)
                    .as("messages of case %d", one.seed())
                    .hasValue(one.oracle().messages());
        }
    }

    /** Any bytes may be read as any type: it is one, or a clear error. */
    private void read(Message message) {
        for (Class<?> type : new Class<?>[] {Object.class, PeerTest.Point.class, byte[].class}) {
            try {
                message.as(type);
            } catch (MessageFormatException expected) {
                assertThat(expected.type()).isEqualTo(type);
            } catch (RuntimeException | Error e) {
                unexpected.add(e);
            }
        }
        message.discard();
    }

    private static Optional<Throwable> errorOf(Mono<Void> end) {
        return end.materialize().mapNotNull(signal -> signal.getThrowable()).blockOptional(Pair.PATIENCE);
    }

    private static void write(SocketChannel peer, Preamble preamble) throws IOException {
        ByteBuf bytes = preamble.write(UnpooledByteBufAllocator.DEFAULT);
        try {
            peer.write(bytes.nioBuffer());
        } finally {
            bytes.release();
        }
    }

    private void read(SocketChannel peer, int count) throws IOException {
        buffer.clear().limit(count);
        while (buffer.hasRemaining()) {
            assertThat(peer.read(buffer)).isPositive();
        }
    }

    /** Writes in two pieces and reads to the end; returns whether the channel was closed before it had all. */
    private boolean isRefused(Connection connection, byte[] stream) throws IOException {
        SocketChannel peer = connection.frames();
        int half = stream.length / 2;
        connection.descriptors(false);
        try {
            peer.write(ByteBuffer.wrap(stream, 0, half));
            peer.write(ByteBuffer.wrap(stream, half, stream.length - half));
            peer.shutdownOutput();
            connection.descriptors(true);
            do {
                buffer.clear();
            } while (peer.read(buffer) >= 0);
            return false;
        } catch (IOException closed) {
            return true;
        }
    }
}
