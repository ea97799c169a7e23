// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.util.context.Context;

/** What happens between two events, on a loop that stands still until it is told to go on. */
class InputPipeTest {

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final FakeLoop loop = new FakeLoop(time);

    /** A child that reads everything at once. */
    private static final class Quick extends InputPipe {

        private int read;
        private boolean ended;

        Quick(FakeLoop loop, Publisher<? extends ByteBuf> publisher) {
            super(loop, publisher);
        }

        @Override
        void open() {}

        @Override
        boolean write(ByteBuf buffer) {
            read += buffer.readableBytes();
            buffer.skipBytes(buffer.readableBytes());
            return true;
        }

        @Override
        void release() {
            ended = true;
        }
    }

    @Test
    void aQuickSourceAndAQuickChildLetOthersOfTheLoopHaveTheirTurns() {
        Quick input = new Quick(loop, Flux.range(0, 100_000).map(i -> Unpooled.wrappedBuffer(new byte[1])));
        AtomicInteger readByThen = new AtomicInteger();

        loop.execute(() -> {
            loop.execute(() -> readByThen.set(input.read));
            input.start(Context.empty(), error -> {});
        });
        time.advanceTime();

        assertThat(readByThen.get()).isBetween(1, 1000);
        assertThat(input.read).isEqualTo(100_000);
        assertThat(input.ended).isTrue();
    }

    @Test
    void aSlowSourceNeverHasToWaitForAnotherTurn() {
        Sinks.Many<ByteBuf> source = Sinks.many().unicast().onBackpressureBuffer();
        Quick input = new Quick(loop, source.asFlux());
        List<Integer> read = new ArrayList<>();
        loop.execute(() -> input.start(Context.empty(), error -> {}));
        time.advanceTime();

        for (int i = 0; i < 200; i++) {
            loop.execute(() -> {
                input.drain();
                source.tryEmitNext(Unpooled.wrappedBuffer(new byte[1])).orThrow();
                read.add(input.read);
            });
            time.advanceTime();
        }

        assertThat(read).isEqualTo(IntStream.rangeClosed(1, 200).boxed().toList());
    }

    @Test
    void anInputThatIsClosedWhileItRestsWritesNoMore() {
        Quick input = new Quick(loop, Flux.range(0, 100_000).map(i -> Unpooled.wrappedBuffer(new byte[1])));

        loop.execute(() -> {
            loop.execute(input::close);
            input.start(Context.empty(), error -> {});
        });
        time.advanceTime();

        assertThat(input.read).isBetween(1, 1000);
        assertThat(input.ended).isTrue();
    }
}
