// SPDX-License-Identifier: Apache-2.0
package io.spindle.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.nio.NioIoHandle;
import io.netty.channel.socket.ServerSocketChannel;
import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/** How a loop waits: a loop without a channel parks, whatever its transport; one with a channel polls it. */
public enum Transport {
    PARKED(true),
    EPOLL(true),
    NIO(false);

    private final boolean isNative;

    Transport(boolean isNative) {
        this.isNative = isNative;
    }

    /** Returns the description of a loop of this transport; skips the test where it is not there. */
    public EventLoopSpec spec(String name) {
        assumeTrue(this != EPOLL || Epoll.isAvailable(), "no epoll here");
        return EventLoopSpec.of(name).nativeTransport(isNative);
    }

    /** Runs a program on a loop that waits so. */
    public void run(Consumer<EventLoop> program) {
        spec("main").run(script(program));
    }

    /** Returns a program that sees to it, before its own script, that its loop waits so. */
    public Consumer<EventLoop> script(Consumer<EventLoop> script) {
        return loop -> {
            open(loop);
            script.accept(loop);
        };
    }

    /** Returns a running loop that waits so; the caller's to dispose. */
    public EventLoop start(EventLoopSpec spec) {
        EventLoop loop = spec.start();
        Mono.fromRunnable(() -> open(loop)).subscribeOn(loop).block(Duration.ofSeconds(20));
        return loop;
    }

    /** Opens a channel that neither keeps the loop alive nor is sent anything. */
    @SuppressWarnings({"deprecation", "FutureReturnValueIgnored"}) // no channel without the transport's own factory
    private void open(EventLoop loop) {
        if (this != PARKED) {
            assertThat(loop.netty().isCompatible(isNative ? EpollIoHandle.class : NioIoHandle.class))
                    .as("%s", this)
                    .isTrue();
            ServerSocketChannel server = loop.resources().onChannel(ServerSocketChannel.class, loop.netty());
            assertThat(loop.netty().register(server).isSuccess()).isTrue();
            assertThat(server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                            .isSuccess())
                    .isTrue();
            loop.handle(server).unref();
        }
    }
}
