// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.spindle.cluster.RecentLines.Reader;
import io.spindle.cluster.RecentLines.Source;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.publisher.TestPublisher;

@ExtendWith(LeakCheck.class)
class WorkerOutputTest {

    private final EventLoop loop = EventLoopSpec.of("output").start();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final WorkerOutput output = new WorkerOutput(loop, out, err);

    private static ByteBuf chunk(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    private void read(int worker, Source source, Flux<ByteBuf> chunks, OutputStream to) {
        Mono.fromRunnable(() -> output.read(worker, source, chunks, to))
                .subscribeOn(loop)
                .block(Probe.PATIENCE);
    }

    private void end() {
        Mono.defer(output::end).subscribeOn(loop).block(Probe.PATIENCE);
    }

    private List<String> recent() {
        Reader reader = output.recent().read(RecentLines.ALL, 100, false);
        return reader.take().lines().stream()
                .map(line -> line.worker() + " " + line.source() + " " + line.text())
                .toList();
    }

    @AfterEach
    void stop() {
        end();
        loop.disposeGracefully().block(Probe.PATIENCE);
    }

    @Test
    void eachLineIsWrittenBehindTheNameOfItsWorkerAndKept() {
        read(3, Source.STDOUT, Flux.just(chunk("o"), chunk("ne\ntwo\r\nthr"), chunk("ee")), out);
        read(4, Source.STDERR, Flux.just(chunk("bad\n")), err);

        end();

        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("[worker 3] one\n[worker 3] two\r\n[worker 3] three\n");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("[worker 4] bad\n");
        assertThat(recent())
                .containsExactlyInAnyOrder("3 STDOUT one", "3 STDOUT two", "3 STDOUT three", "4 STDERR bad");
        assertThat(output.recent().isOutputSeen()).isTrue();
    }

    @Test
    void anOutputThatIsNotTakenHoldsUpTheWorkerAndNotTheLoop() {
        CountDownLatch taken = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        TestPublisher<ByteBuf> chunks = TestPublisher.createCold();
        read(1, Source.STDOUT, chunks.flux(), new OutputStream() {
            @Override
            public void write(int each) throws IOException {
                throw new IOException("whole lines only");
            }

            @Override
            public void write(byte[] bytes, int from, int length) {
                begun.countDown();
                await(taken);
                out.write(bytes, from, length);
            }
        });
        chunks.next(chunk("1\n"));
        await(begun);

        assertThat(Mono.just("turns").subscribeOn(loop).block(Probe.PATIENCE)).isEqualTo("turns");
        chunks.assertMaxRequested(2);
        taken.countDown();
        chunks.next(chunk("2\n"), chunk("3\n")).complete();
        end();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("[worker 1] 1\n[worker 1] 2\n[worker 1] 3\n");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anOutputThatIsBrokenLosesLinesAndNothingElse() {
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int each) throws IOException {
                throw new IOException("No space left on device");
            }
        };

        read(1, Source.STDOUT, Flux.just(chunk("1\n"), chunk("2\n")), broken);
        end();

        assertThat(recent()).containsExactly("1 STDOUT 1", "1 STDOUT 2");
    }

    @Test
    void aStreamThatIsHeldOpenIsNotWaitedForForEver() {
        TestPublisher<ByteBuf> chunks = TestPublisher.create();
        read(1, Source.STDOUT, chunks.flux(), out);

        end();

        Program.eventually(() -> isCancelled(chunks));
    }

    private static boolean isCancelled(TestPublisher<ByteBuf> chunks) {
        try {
            chunks.assertCancelled();
            return true;
        } catch (AssertionError notYet) {
            return false;
        }
    }

    @Test
    void whatHappensToAWorkerIsKept() {
        ClusterWorker worker = new DefaultClusterWorker(
                7,
                0,
                new Places(RestartPolicy.defaults()).growTo(1).get(0),
                new Events(),
                loop,
                PrimarySpec.create(),
                Fakes.process());

        output.happened(new ClusterEvent.Forked(worker));
        output.happened(new ClusterEvent.Exited(worker, 1, Optional.empty(), false));

        assertThat(recent())
                .containsExactly(
                        "7 PRIMARY worker 7 (pid 0) started", "7 PRIMARY worker 7 (pid 0) exited with code 1, unasked");
        assertThat(output.recent().isOutputSeen()).isFalse();
    }
}
