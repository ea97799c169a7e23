// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.spindle.testkit.Spin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.ConnectionProvider;

/** Servers and clients of Reactor Netty on the thread of a loop. */
class NettyOnTheLoopTest extends OneLoop {

    private DisposableServer http(List<String> threads) {
        return HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(loop.resources())
                .handle((request, response) -> {
                    threads.add(Thread.currentThread().getName());
                    return response.sendString(Mono.just("hello world\n"));
                })
                .bindNow(LIMIT);
    }

    @Test
    void aServerAndAClientRunOnTheSameThreadAsTheTasks() {
        List<String> threads = new CopyOnWriteArrayList<>();
        DisposableServer server = http(threads);
        ConnectionProvider connections = ConnectionProvider.create("io-test", 4);
        HttpClient client =
                HttpClient.create(connections).runOn(loop.resources()).baseUrl("http://127.0.0.1:" + server.port());

        List<String> answers = Flux.range(0, 50)
                .flatMap(
                        i -> client.get().uri("/").responseContent().aggregate().asString(), 4)
                .collectList()
                .block(LIMIT);

        assertThat(answers).hasSize(50).containsOnly("hello world\n");
        assertThat(threads).hasSize(50).containsOnly("test");
        connections.disposeLater().block(LIMIT);
        server.disposeNow(LIMIT);
    }

    @Test
    void ioIsServedWhileTasksPostThemselvesForEver() {
        List<String> threads = new CopyOnWriteArrayList<>();
        DisposableServer server = http(threads);
        AtomicBoolean stop = new AtomicBoolean();
        for (int i = 0; i < 20_000; i++) {
            flood(stop);
        }
        HttpClient client = HttpClient.newConnection().baseUrl("http://127.0.0.1:" + server.port());

        String answer =
                client.get().uri("/").responseContent().aggregate().asString().block(LIMIT);

        stop.set(true);
        assertThat(answer).isEqualTo("hello world\n");
        server.disposeNow(LIMIT);
    }

    private void flood(AtomicBoolean stop) {
        if (!stop.get()) {
            loop.schedule(() -> flood(stop));
        }
    }

    @Test
    void timersImmediatesAndTasksRunWhileIoFloodsTheLoop() throws Exception {
        int others = loop.metrics().channels();
        AtomicLong reads = new AtomicLong();
        CountDownLatch flooding = new CountDownLatch(10_000);
        ChannelInitializer<Channel> echo = echo(() -> {
            reads.incrementAndGet();
            flooding.countDown();
        });
        Channel server = listen(echo);
        Bootstrap client = new Bootstrap()
                .group(loop.netty())
                .channelFactory(() -> loop.resources().onChannel(SocketChannel.class, loop.netty()))
                .handler(echo)
                .remoteAddress(server.localAddress());
        for (int i = 0; i < 32; i++) { // both ends are on the loop and answer for ever: something is always ready
            client.connect()
                    .sync()
                    .channel()
                    .writeAndFlush(Unpooled.wrappedBuffer(new byte[1024]))
                    .sync();
        }
        await(flooding);
        long before = reads.get();

        for (int i = 0; i < 100; i++) {
            CountDownLatch ran = new CountDownLatch(4);
            loop.setTimeout(Duration.ofMillis(1), ran::countDown);
            loop.schedule(ran::countDown, 1, TimeUnit.MILLISECONDS);
            loop.setImmediate(ran::countDown);
            loop.schedule(ran::countDown);
            await(ran);
        }

        assertThat(reads).hasValueGreaterThan(before);
        assertThat(loop.metrics().channels()).isEqualTo(others + 65); // nobody has given up
    }

    private Channel listen(ChannelInitializer<Channel> handlers) throws InterruptedException {
        return new ServerBootstrap()
                .group(loop.netty())
                .channelFactory(() -> loop.resources().onChannel(ServerSocketChannel.class, loop.netty()))
                .childHandler(handlers)
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
    }

    private static ChannelInitializer<Channel> echo(Runnable onRead) {
        return with(() -> new ChannelInboundHandlerAdapter() {
            @Override
            @SuppressWarnings("FutureReturnValueIgnored") // the next read tells
            public void channelRead(ChannelHandlerContext context, Object message) {
                onRead.run();
                context.writeAndFlush(message, context.voidPromise());
            }
        });
    }

    private static ChannelInitializer<Channel> with(Supplier<ChannelHandler> handler) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handler.get());
            }
        };
    }

    @Test
    @DisplayName("O-02, O-43: tick, microtask, immediate, close callback and timer of an I/O callback, in this order")
    void ticksAndMicrotasksRunBetweenTwoIoCallbacksOfOnePoll() throws Exception {
        List<String> log = new CopyOnWriteArrayList<>();
        CountDownLatch done = new CountDownLatch(2);
        Channel server = listen(with(() -> new LoggingHandler(loop, log, done)));
        InetSocketAddress address = (InetSocketAddress) server.localAddress();
        try (Socket a = new Socket(address.getAddress(), address.getPort());
                Socket b = new Socket(address.getAddress(), address.getPort())) {
            // Both are accepted and registered, then both become ready while the loop is busy.
            assertThat(awaitChannels(3)).isTrue();
            CountDownLatch written = hold();
            write(a, 'A');
            write(b, 'B');
            written.countDown();
            await(done);
        }
        server.close().sync();

        List<String> io = log.subList(0, 6);
        String first = io.get(0).substring(4);
        String second = first.equals("A") ? "B" : "A";
        assertThat(log)
                .containsExactly(
                        "read" + first,
                        "tick" + first,
                        "micro" + first,
                        "read" + second,
                        "tick" + second,
                        "micro" + second,
                        "immediate" + first,
                        "immediate" + second,
                        "close" + first,
                        "close" + second,
                        "timeout" + first,
                        "timeout" + second);
    }

    private boolean awaitChannels(int number) {
        return Boolean.TRUE.equals(Flux.interval(Duration.ofMillis(5))
                .map(tick -> loop.metrics().channels() >= number)
                .takeUntil(reached -> reached)
                .blockLast(LIMIT));
    }

    private static void write(Socket socket, char letter) {
        try {
            socket.getOutputStream().write(String.valueOf(letter).getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class LoggingHandler extends SimpleChannelInboundHandler<ByteBuf> {

        private final EventLoop loop;
        private final List<String> log;
        private final CountDownLatch done;

        LoggingHandler(EventLoop loop, List<String> log, CountDownLatch done) {
            this.loop = loop;
            this.log = log;
            this.done = done;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
            String name = message.toString(StandardCharsets.US_ASCII);
            log.add("read" + name);
            loop.setTimeout(Duration.ofMillis(1), () -> {
                log.add("timeout" + name);
                done.countDown();
            });
            loop.open("test", () -> log.add("close" + name)).dispose();
            loop.setImmediate(() -> log.add("immediate" + name));
            loop.queueMicrotask(() -> log.add("micro" + name));
            loop.nextTick(() -> log.add("tick" + name));
        }
    }

    @Test
    void anIoHandleThatThrowsIsReportedAndTheOthersOfThePollAreServed() throws Exception {
        List<String> log = new CopyOnWriteArrayList<>();
        EventLoop failing = spec("failing-io")
                .onUncaught((of, error) -> log.add("handler:" + error.getMessage()))
                .start();
        CountDownLatch served = new CountDownLatch(2);
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch ready = new CountDownLatch(1);
        List<ReadableEnd> ends = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            ends.add(ReadableEnd.register(failing.netty(), () -> {
                boolean first = served.getCount() == 2;
                served.countDown();
                failing.nextTick(() -> log.add("tick " + first));
                if (first) {
                    throw new IllegalStateException("first");
                }
                log.add("second");
            }));
        }
        failing.schedule(() -> {
            held.countDown();
            Spin.until(ready);
        });
        await(held);
        for (ReadableEnd end : ends) {
            end.makeReadable();
        }
        ready.countDown();
        await(served);
        failing.disposeGracefully().subscribe();
        for (ReadableEnd end : ends) {
            end.release();
        }
        failing.onDispose().block(LIMIT);

        assertThat(log).containsExactly("handler:first", "tick true", "second", "tick false");
    }

    @Test
    void tailTasksRunAfterTheCloseCallbacksAndBeforeTheTimersAndHarmNothing() throws InterruptedException {
        List<String> log = new CopyOnWriteArrayList<>();
        CountDownLatch done = new CountDownLatch(1);
        SingleThreadEventLoop netty = (SingleThreadEventLoop) loop.netty();
        loop.setImmediate(() -> {
            netty.executeAfterEventLoopIteration(() -> {
                log.add("tail");
                loop.nextTick(() -> log.add("tick"));
                throw new IllegalStateException("of a tail task, on purpose");
            });
            netty.executeAfterEventLoopIteration(() -> log.add("tail 2"));
            loop.open("handle", () -> log.add("close")).dispose();
            loop.setTimeout(Duration.ofMillis(1), () -> {
                log.add("timer");
                done.countDown();
            });
            Spin.during(Duration.ofMillis(5));
        });
        await(done);

        assertThat(log).containsExactly("close", "tail", "tail 2", "tick", "timer");
    }

    @Test
    @SuppressWarnings("FutureReturnValueIgnored") // the log tells
    void timersOfNettyRunAfterOursWithTicksBetweenAndDoNotKeepAProgramAlive() {
        List<String> log = new CopyOnWriteArrayList<>();

        spec("timers").run(program -> {
            program.netty().schedule(() -> log.add("never"), 1, TimeUnit.HOURS);
            for (String name : List.of("A", "B")) {
                program.netty()
                        .schedule(
                                () -> {
                                    log.add("netty " + name);
                                    program.nextTick(() -> log.add("tick " + name));
                                },
                                1,
                                TimeUnit.MILLISECONDS);
            }
            program.setTimeout(Duration.ofMillis(1), () -> log.add("ours"));
            Spin.during(Duration.ofMillis(5));
        });

        assertThat(log).containsExactly("ours", "netty A", "tick A", "netty B", "tick B");
    }

    @Test
    void aHandlerThatThrowsDoesNotHarmTheLoop() throws Exception {
        List<Throwable> errors = new CopyOnWriteArrayList<>();
        EventLoop failing =
                spec("failing-io").onUncaught((of, error) -> errors.add(error)).start();
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(failing.resources())
                .handle((request, response) -> {
                    throw new IllegalStateException("handler");
                })
                .bindNow(LIMIT);
        HttpClient client = HttpClient.newConnection().baseUrl("http://127.0.0.1:" + server.port());

        for (int i = 0; i < 5; i++) {
            Integer status = client.get()
                    .uri("/")
                    .responseSingle(
                            (response, body) -> Mono.just(response.status().code()))
                    .onErrorReturn(-1) // Reactor Netty closes the connection
                    .block(LIMIT);
            assertThat(status).isEqualTo(-1);
        }

        server.disposeNow(LIMIT);
        end(failing);
        assertThat(errors).isEmpty();
    }

    @Test
    @SuppressWarnings("FutureReturnValueIgnored") // the latch tells
    void aTimerOfNettyNeedsNoChannelToFire() throws InterruptedException {
        CountDownLatch fired = new CountDownLatch(1);
        settle();

        loop.netty().schedule(fired::countDown, 20, TimeUnit.MILLISECONDS);

        await(fired);
    }

    @Test
    void aLoopThatHasButAnIdleChannelNeverWakesUp() {
        DisposableServer server = http(new CopyOnWriteArrayList<>());
        aTurn();
        aTurn();
        long turns = loop.metrics().turns();

        Mono.delay(Duration.ofMillis(3500)).block(LIMIT);

        assertThat(loop.metrics().turns() - turns)
                .as("turns; the first may end what was there before, one a second would be three")
                .isLessThanOrEqualTo(2);
        server.disposeNow(LIMIT);
    }

    @Test
    void aGroupSpreadsTheConnectionsOfAServer() {
        LoopGroup group = LoopGroup.of(spec("group"), 3);
        List<String> threads = new CopyOnWriteArrayList<>();
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .runOn(group.resources())
                .handle((request, response) -> {
                    threads.add(Thread.currentThread().getName());
                    return response.send();
                })
                .bindNow(LIMIT);
        HttpClient client = HttpClient.newConnection().baseUrl("http://127.0.0.1:" + server.port());

        Flux.range(0, 12).concatMap(i -> client.get().uri("/").response()).blockLast(LIMIT);

        assertThat(threads).hasSize(12).contains("group-1", "group-2", "group-3");
        assertThat(group.loops()).hasSize(3);
        server.disposeNow(LIMIT);
        group.dispose();
        group.onDispose().block(LIMIT);
        assertThat(group.isDisposed()).isTrue();
    }
}
