// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.spindle.loop.EventLoop;
import io.spindle.process.ChildProcess;
import io.spindle.process.Command;
import io.spindle.process.Input;
import io.spindle.process.Signal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Ours, subscribed on an event loop, as a program written for one would. */
final class SpindleRunner implements ProcessRunner {

    final EventLoop loop = EventLoop.create("bench");

    private <T> T onLoop(Mono<T> work) {
        return work.subscribeOn(loop).block();
    }

    @Override
    public long drain(List<String> line) {
        return onLoop(bytes(Command.of(line)));
    }

    private static Mono<Long> bytes(Command command) {
        return command.output().map(SpindleRunner::released).reduce(0L, Long::sum);
    }

    private static long released(ByteBuf chunk) {
        long size = chunk.readableBytes();
        chunk.release();
        return size;
    }

    @Override
    public long lines(List<String> line) {
        return onLoop(Command.of(line).lines().count());
    }

    @Override
    public long throughCat(long bytes) {
        ByteBuf chunk = Unpooled.directBuffer(CHUNK_BYTES).writeZero(CHUNK_BYTES);
        Flux<ByteBuf> source = Flux.range(0, (int) (bytes / CHUNK_BYTES)).map(i -> chunk.retainedDuplicate());
        return onLoop(bytes(Command.of("cat").stdin(Input.of(source))));
    }

    @Override
    public long runAll(List<String> line, int times, int atATime) {
        return onLoop(Flux.range(0, times)
                .flatMap(i -> Command.of(line).exec(), atATime)
                .count());
    }

    @Override
    public void hold(int children, Runnable count) throws InterruptedException {
        CountDownLatch answered = new CountDownLatch(children);
        CountDownLatch ended = new CountDownLatch(children);
        ConcurrentLinkedQueue<Sinks.Empty<ByteBuf>> inputs = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < children; i++) {
            Sinks.Empty<ByteBuf> end = Sinks.empty();
            inputs.add(end);
            Input input = Input.of(Flux.just("ready\n")
                    .map(text -> Unpooled.copiedBuffer(text, StandardCharsets.UTF_8))
                    .concatWith(end.asMono()));
            Command.of("cat")
                    .stdin(input)
                    .lines()
                    .doOnNext(text -> answered.countDown())
                    .doFinally(signal -> ended.countDown())
                    .subscribeOn(loop)
                    .subscribe();
        }
        answered.await();
        count.run();
        inputs.forEach(Sinks.Empty::tryEmitEmpty);
        ended.await();
    }

    @Override
    public long killedAfter() {
        long[] killed = new long[1];
        return onLoop(Command.of("sleep", "100").spawn().flatMap(child -> {
            Mono<Long> notice = child.exit().map(status -> System.nanoTime() - killed[0]);
            return notice.doOnSubscribe(subscription -> kill(child, killed));
        }));
    }

    private static void kill(ChildProcess child, long[] killed) {
        killed[0] = System.nanoTime();
        child.kill(Signal.KILL);
    }
}
