// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Mutated frames through real sockets, {@code -Dspindle.fuzz.frames=1000000} of them. For each connection an oracle says
 * whether it must end in good order or by one clear error; what the loop allocates is bounded, and another channel of the
 * same loop goes on. A failure names its case, which is its seed.
 */
@ExtendWith({BadPeerTest.WarmUp.class, LeakCheck.class})
class FrameFuzzTest {

    private static final int FRAMES = Integer.getInteger("spindle.fuzz.frames", 50_000);
    private static final int WARM_UP = 500;
    private static final int CASES_BETWEEN_LOOKS = 500;
    private static final int READY_CREDIT_AND_REQUESTS = 5 + 9 + 3 * 14;
    /** A quarter of what one frame may hold, and next to nothing of what it may announce. */
    private static final long MAX_HEAP_BYTES_FOR_A_CASE = 4 * 1024 * 1024;

    private static final long MAX_DIRECT_BYTES = 16 * 1024 * 1024;
    private static final String CLEAR = "(the peer|frame|request) .*";

    private final Pair pair = new Pair();
    private final Queue<Throwable> unexpected = new ConcurrentLinkedQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);

    @AfterEach
    void close() {
        pair.close();
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void everyBadFrameIsOneClearErrorOfItsChannelAlone() throws Exception {
        Pair.Ends bystanders = pair.connect();
        bystanders.server().onRequest("alive", message -> Mono.just(Reply.of(true)));
        long loopThread =
                Pair.get(Mono.fromCallable(() -> Thread.currentThread().getId()).subscribeOn(pair.serverLoop));
        long direct = directBytes();
        Map<FrameOracle.Verdict, Integer> verdicts = new EnumMap<>(FrameOracle.Verdict.class);
        long frames = 0;

        for (int seed = 0; frames < FRAMES; seed++) {
            long heap = allocated(loopThread);
            FrameMutator mutator = new FrameMutator(seed);
            byte[] stream = mutator.stream();
            FrameOracle oracle = new FrameOracle(stream, FrameMutator.ASKED);
            FrameOracle.Verdict verdict = oracle.judge();
            verdicts.merge(verdict, 1, Integer::sum);
            frames += mutator.mutatedUpTo(oracle.judged());

            check(seed, mutator.format(), stream, verdict);

            if (seed > WARM_UP) {
                assertThat(allocated(loopThread) - heap)
                        .as("heap for case %d", seed)
                        .isLessThan(MAX_HEAP_BYTES_FOR_A_CASE);
            }
            if (seed % CASES_BETWEEN_LOOKS == 0) {
                assertThat(Pair.get(bystanders.client().request("alive", "")).as(Boolean.class))
                        .isTrue();
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

    private void check(int seed, Format format, byte[] stream, FrameOracle.Verdict verdict) throws IOException {
        Invitation invitation = pair.server.invite();
        Mono<Channel> accepted = pair.server.accept(invitation);
        Sinks.Empty<Void> received = Sinks.empty();
        try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(invitation.socket()))) {
            write(peer, new Preamble(Preamble.FRAMES_ALONE, format, invitation.token()));
            Channel channel = Pair.get(accepted);
            channel.onRequest(FrameOracle.SILENT, message -> Mono.never());
            channel.receive().subscribe(this::read, received::tryEmitError, received::tryEmitEmpty);
            FrameMutator.ASKED.forEach(number -> channel.request("ask", number).subscribe(this::read, error -> {}));
            read(peer, READY_CREDIT_AND_REQUESTS);
            boolean refused = isRefused(peer, stream);
            Optional<Throwable> error = errorOf(channel.onDispose());

            switch (verdict) {
                case GOOD -> assertThat(error).as("case %d", seed).isEmpty();
                case BAD -> assertThat(error).as("case %d", seed).isPresent();
                case EITHER -> assertThat(channel.isDisconnected()).isTrue();
            }
            error.ifPresent(one -> assertThat(one)
                    .as("case %d", seed)
                    .isInstanceOf(ChannelProtocolException.class)
                    .message()
                    .matches(CLEAR));
            if (!channel.isDisconnected()) {
                assertThat(errorOf(received.asMono())).as("case %d", seed).isEqualTo(error);
                assertThat(refused && error.isEmpty()).as("case %d", seed).isFalse();
            }
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
    private boolean isRefused(SocketChannel peer, byte[] stream) {
        int half = stream.length / 2;
        try {
            peer.write(ByteBuffer.wrap(stream, 0, half));
            peer.write(ByteBuffer.wrap(stream, half, stream.length - half));
            peer.shutdownOutput();
            do {
                buffer.clear();
            } while (peer.read(buffer) >= 0);
            return false;
        } catch (IOException closed) {
            return true;
        }
    }
}
