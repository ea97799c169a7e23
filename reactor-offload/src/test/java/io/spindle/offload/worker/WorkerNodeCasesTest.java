// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ServerSocketChannel;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Hooks;
import reactor.test.StepVerifier;

/** Cases of Node's own tests of workers that no other test here is about. */
@ExtendWith(LeakCheck.class)
class WorkerNodeCasesTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    /** A worker that has something to do for ever. */
    private static Worker<Void, Void> endless() {
        return WorkerSpec.<Void, Void>of(context -> context.loop().setInterval(Duration.ofDays(1), () -> {}))
                .start();
    }

    @Test
    @DisplayName("HW-01: a message that an immediate of a tick posts arrives")
    void aMessageFromAnImmediateInATickArrives() {
        Worker<Void, String> worker = WorkerSpec.<Void, String>of(context -> context.loop()
                        .nextTick(() -> context.loop()
                                .setImmediate(() -> context.parentPort().postMessage("text"))))
                .start();

        StepVerifier.create(worker.messages())
                .expectNext("text")
                .expectComplete()
                .verify(LONG);
    }

    @Test
    @DisplayName("HW-05: a server that a worker leaves open is closed when it ends")
    void aServerThatIsLeftOpenIsClosedWithTheWorker() {
        Worker<Void, Channel> worker = WorkerSpec.<Void, Channel>of(context -> {
                    EventLoop loop = context.loop();
                    var bound = new ServerBootstrap()
                            .group(loop.netty())
                            .channelFactory(() -> loop.resources().onChannel(ServerSocketChannel.class, loop.netty()))
                            .childHandler(new ChannelInboundHandlerAdapter())
                            .bind("127.0.0.1", 0);
                    bound.addListener((ChannelFutureListener) future -> {
                        loop.handle(future.channel()).unref();
                        context.parentPort().postMessage(future.channel());
                    });
                })
                .start();

        Channel server = worker.messages().next().blockOptional(LONG).orElseThrow();

        assertThat(server.localAddress()).as("it was bound").isNotNull();
        assertThat(worker.exit().block(LONG)).isZero();
        assertThat(server.isOpen()).isFalse();
    }

    @Test
    @DisplayName("HW-10: what a subscriber to the exit throws is an error of that subscriber alone")
    void aSubscriberToTheExitThatThrowsHarmsNobodyElse() {
        List<Throwable> dropped = new CopyOnWriteArrayList<>();
        List<Integer> codes = new ArrayList<>();
        Hooks.onErrorDropped(dropped::add);
        try {
            EventLoop.run(loop -> {
                Worker<Void, Void> worker =
                        WorkerSpec.<Void, Void>of(context -> context.exit(3)).start();
                worker.exit().subscribe(code -> {
                    throw new IllegalStateException("in the listener");
                });
                worker.exit().subscribe(codes::add);
            });
        } finally {
            Hooks.resetOnErrorDropped();
        }

        assertThat(codes).containsExactly(3);
        assertThat(dropped)
                .hasSize(1)
                .first()
                .satisfies(error -> assertThat(error).hasRootCauseMessage("in the listener"));
    }

    @Test
    @DisplayName("HW-31: ports that are sent to workers while they are terminated do no harm")
    void aPortThatIsSentToAWorkerWhichIsTerminatedAtOnceDoesNoHarm() {
        for (int i = 0; i < 10; i++) {
            MessageChannel<String, String> channel = MessageChannel.create();
            Worker<MessagePort<String, String>, Void> worker = WorkerSpec.<MessagePort<String, String>, Void>of(
                            context -> context.parentPort().messages().subscribe())
                    .start();

            assertThat(worker.postMessage(channel.port2().transfer())).isTrue();

            assertThat(worker.terminate().block(LONG)).isEqualTo(1);
            assertThat(channel.port1().postMessage("kept")).isTrue();
        }
    }

    @Test
    @DisplayName("HW-35: a worker that exits takes its nested worker along, whose exit is heard by nobody there")
    void aWorkerThatExitsTerminatesItsNestedWorkerAndHearsNothingOfIt() {
        CompletableFuture<Worker<Void, Void>> nested = new CompletableFuture<>();
        List<Object> heard = new CopyOnWriteArrayList<>();
        Worker<Void, Void> outer = WorkerSpec.<Void, Void>of(context -> {
                    Worker<Void, Void> inner = endless();
                    inner.exit().doOnEach(heard::add).subscribe();
                    inner.error().doOnEach(heard::add).subscribe();
                    inner.disposeGracefully().doOnEach(heard::add).subscribe();
                    inner.online().subscribe(none -> {}, error -> {}, () -> context.exit(7));
                    nested.complete(inner);
                })
                .start();

        assertThat(outer.exit().block(LONG)).isEqualTo(7);

        assertThat(nested.join().exit().block(LONG)).isEqualTo(1);
        assertThat(heard).as("signals of any kind").isEmpty();
    }

    @Test
    @DisplayName("HW-47: an unreferenced worker that beforeExit references and posts to is heard before the end")
    void aWorkerThatIsReferencedBeforeTheExitHoldsTheProgram() {
        List<String> log = new ArrayList<>();
        List<Worker<String, String>> started = new ArrayList<>();

        EventLoopSpec.of("main")
                .beforeExit(loop -> {
                    if (log.isEmpty()) {
                        log.add("beforeExit");
                        started.get(0).ref().postMessage("go");
                    }
                })
                .run(loop -> {
                    Worker<String, String> worker = WorkerSpec.<String, String>of(context -> context.parentPort()
                                    .messages()
                                    .take(1)
                                    .subscribe(message -> context.parentPort().postMessage(message + " heard")))
                            .start()
                            .unref();
                    worker.messages().subscribe(log::add);
                    worker.exit().subscribe(code -> log.add("exit " + code));
                    started.add(worker);
                });

        assertThat(log).containsExactly("beforeExit", "go heard", "exit 0");
    }

    @Test
    @DisplayName("HW-50: a buffer that a worker has sent is its receiver's when the worker has ended")
    void aBufferOutlivesTheWorkerThatSentIt() {
        Worker<Void, Owned<ByteBuf>> worker = WorkerSpec.<Void, Owned<ByteBuf>>of(context -> context.parentPort()
                        .postMessage(Owned.<ByteBuf>of(Unpooled.directBuffer().writeByte(1))))
                .start();
        Owned<ByteBuf> received = worker.messages().next().blockOptional(LONG).orElseThrow();
        assertThat(worker.exit().block(LONG)).isZero();

        ByteBuf buffer = received.take().writeByte(2);

        assertThat(ByteBufUtil.hexDump(buffer)).isEqualTo("0102");
        assertThat(buffer.release()).isTrue();
    }

    @Test
    @DisplayName("HW-55: a worker with a nested one, an unreferenced one and one that posts for ever are terminated")
    void terminateEndsAWorkerWithANestedOneAnUnreferencedOneAndOneThatPostsForEver() {
        CompletableFuture<Worker<Void, Void>> nested = new CompletableFuture<>();
        Worker<Void, Void> outer = WorkerSpec.<Void, Void>of(context -> {
                    Worker<Void, Void> inner = endless();
                    inner.online().subscribe(none -> {}, error -> {}, () -> nested.complete(inner));
                })
                .start();
        Spin.until(nested::isDone);
        assertThat(outer.terminate().block(LONG)).isEqualTo(1);
        assertThat(nested.join().exit().block(LONG)).isEqualTo(1);

        List<Integer> codes = new ArrayList<>();
        EventLoop.run(loop -> endless().unref().terminate().subscribe(codes::add));
        assertThat(codes).containsExactly(1);

        Worker<Void, Integer> posting = WorkerSpec.<Void, Integer>of(WorkerNodeCasesTest::postForEver)
                .queueCapacity(16)
                .start();
        posting.messages().blockFirst(LONG);
        assertThat(posting.terminate().block(LONG)).isEqualTo(1);
    }

    private static void postForEver(WorkerContext<Void, Integer> context) {
        context.parentPort().postMessage(0);
        context.loop().setImmediate(() -> postForEver(context));
    }
}
