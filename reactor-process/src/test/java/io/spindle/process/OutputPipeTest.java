// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.test.scheduler.VirtualTimeScheduler;

/** What happens between two events, on a loop that stands still until it is told to go on. */
class OutputPipeTest {

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final FakeLoop loop = new FakeLoop(time);

    /** Keeps what it gets, and asks when the test says so. */
    private static final class Reader implements CoreSubscriber<ByteBuf> {

        private final List<String> got = new ArrayList<>();
        private @Nullable Subscription subscription;
        private @Nullable Throwable failure;

        void ask(long n) {
            assertThat(subscription).isNotNull();
            subscription.request(n);
        }

        @Override
        public void onSubscribe(Subscription given) {
            subscription = given;
        }

        @Override
        public void onNext(ByteBuf chunk) {
            got.add(chunk.toString(StandardCharsets.UTF_8));
            chunk.release();
        }

        @Override
        public void onError(Throwable error) {
            failure = error;
        }

        @Override
        public void onComplete() {
            got.add("complete");
        }
    }

    private final FakePipe pipe = new FakePipe(loop);
    private final FakeOutputPipe output = new FakeOutputPipe(loop, "stdout", pipe);

    private void write(String text) {
        loop.execute(() -> pipe.write(text.getBytes(StandardCharsets.UTF_8)));
        time.advanceTime();
    }

    /** Returns a reader that comes when what is there has been read for it already. */
    private Reader lateReader() {
        loop.execute(output::open);
        loop.execute(output::hold);
        time.advanceTime();
        Reader reader = new Reader();
        output.subscribe(reader);
        time.advanceTime();
        return reader;
    }

    @Test
    void betweenTheDecisionToFailAndTheEndNothingIsLeftOut() {
        write("held");
        Reader reader = lateReader();

        output.failAtEnd(new IllegalStateException("disposed"));
        write("read later");
        reader.ask(1);
        time.advanceTime();
        assertThat(reader.got).containsExactly("held");
        reader.ask(1);
        time.advanceTime();
        assertThat(reader.got).containsExactly("held", "read later");

        loop.execute(() -> output.close(new IllegalStateException("second")));
        time.advanceTime();
        assertThat(reader.failure).hasMessage("disposed");
    }

    @Test
    void anEndThatNobodyAsksForWaitsToo() {
        loop.execute(output::open);
        output.subscribe(new Reader());
        time.advanceTime();
        long before = ProcessMetrics.snapshot().pauses();

        loop.execute(pipe::end);
        time.advanceTime();

        assertThat(ProcessMetrics.snapshot().pauses()).isGreaterThan(before);
    }

    @Test
    void aWrongRequestIsAnErrorAlsoWhenTheOutputHasEnded() {
        write("held");
        loop.execute(pipe::end);
        Reader reader = lateReader();

        reader.ask(0);
        time.advanceTime();

        assertThat(reader.got).isEmpty();
        assertThat(reader.failure)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("request must be positive")
                .hasMessageContaining("was 0");
    }
}
